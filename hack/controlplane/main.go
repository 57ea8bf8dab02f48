// Command controlplane makes sure that kube-apiserver and etcd are at hand and prints their folder, for use as
// KUBEBUILDER_ASSETS. Progress goes to standard error.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/entraguests/entra-guest-operator/internal/controlplane"
)

func main() {
	withKubectl := flag.Bool("kubectl", false, "make sure of kubectl too and say on standard error where it is")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *withKubectl)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "controlplane:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, withKubectl bool) error {
	dir, err := controlplane.Assets(ctx, os.Stderr)
	if err != nil {
		return err
	}
	if withKubectl {
		path, err := controlplane.Kubectl(ctx, os.Stderr)
		if err != nil {
			return err
		}
		fmt.Fprintln(os.Stderr, "kubectl:", path)
	}
	_, err = fmt.Println(dir)
	return err
}
