package controlplane_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/entraguests/entra-guest-operator/internal/controlplane"
)

func TestAControlPlaneServesUntilItIsStopped(t *testing.T) {
	g := NewWithT(t)
	plane, err := controlplane.Start(t.Context(), controlplane.Options{CRDs: []string{}})
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = plane.Stop() })

	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	g.Expect(plane.WriteKubeconfig(kubeconfig)).To(Succeed())
	info, err := os.Stat(kubeconfig)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(info.Mode().Perm()).To(Equal(os.FileMode(0o600)))

	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	g.Expect(err).NotTo(HaveOccurred())
	client, err := kubernetes.NewForConfig(config)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = client.CoreV1().Namespaces().Get(t.Context(), "default", metav1.GetOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	version, err := discovery.NewDiscoveryClientForConfigOrDie(plane.Config()).ServerVersion()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(version.GitVersion).To(MatchRegexp(`^v1\.\d+\.\d+`))

	g.Expect(plane.Stop()).To(Succeed())
	connection, err := net.Dial("tcp", strings.TrimPrefix(config.Host, "https://"))
	if err == nil {
		_ = connection.Close()
	}
	g.Expect(err).To(MatchError(syscall.ECONNREFUSED), "nothing listens any more")
}

func TestAControlPlaneDoesNotStartWithoutTheCRDsThatItWasAskedFor(t *testing.T) {
	g := NewWithT(t)
	_, err := controlplane.Start(t.Context(), controlplane.Options{CRDs: []string{filepath.Join(t.TempDir(), "absent")}})
	g.Expect(err).To(MatchError(ContainSubstring("absent")))
}
