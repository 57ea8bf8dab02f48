package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/entraguests/entra-guest-operator/hack/internal/process"
)

// buildManager builds the manager from the checkout and returns its path. The first time that takes minutes, for the SDK of
// Microsoft Graph is large.
func buildManager(ctx context.Context, root string, s *screen) (string, error) {
	return build(ctx, root, "manager", ".", s)
}

// buildClocked builds the operator on another clock, of the same packages.
func buildClocked(ctx context.Context, root string, s *screen) (string, error) {
	return build(ctx, root, "demo-operator", "./hack/demo/operator", s)
}

func build(ctx context.Context, root, name, pkg string, s *screen) (string, error) {
	binary := filepath.Join(root, "bin", name)
	err := process.Build(ctx, root, binary, pkg, &buildOutput{screen: s, began: time.Now(), told: time.Now()})
	s.show(nil)
	return binary, err
}

// buildOutput counts what the go command says, which is a line for each package, and tells how far it is: on a terminal all the
// time, elsewhere now and then.
type buildOutput struct {
	screen      *screen
	packages    int
	began, told time.Time
}

const tellEvery = 20 * time.Second

func (o *buildOutput) Write(text []byte) (int, error) {
	o.packages += bytes.Count(text, []byte("\n"))
	state := fmt.Sprintf("    %d packages, %s", o.packages, time.Since(o.began).Round(time.Second))
	o.screen.show([]string{state})
	if !o.screen.terminal && time.Since(o.told) > tellEvery {
		o.told = time.Now()
		o.screen.line("", state)
	}
	return len(text), nil
}
