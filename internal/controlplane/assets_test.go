package controlplane

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
)

func TestAssetsHonoursTheEnvironmentVariable(t *testing.T) {
	g := NewWithT(t)
	dir := t.TempDir()
	writeProgram(t, filepath.Join(dir, "kube-apiserver"))
	writeProgram(t, filepath.Join(dir, "etcd"))
	t.Setenv(AssetsEnv, dir)

	g.Expect(Assets(t.Context(), io.Discard)).To(Equal(dir))
}

func TestAssetsRefusesAnEnvironmentVariableThatNamesNoBinaries(t *testing.T) {
	cases := map[string]func(t *testing.T, dir string){
		"the folder is empty":    func(*testing.T, string) {},
		"etcd is missing":        func(t *testing.T, dir string) { writeProgram(t, filepath.Join(dir, "kube-apiserver")) },
		"the API server is text": func(t *testing.T, dir string) { writeText(t, filepath.Join(dir, "kube-apiserver"), "") },
	}
	for name, prepare := range cases {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			dir := t.TempDir()
			prepare(t, dir)
			t.Setenv(AssetsEnv, dir)

			_, err := Assets(t.Context(), io.Discard)
			g.Expect(err).To(MatchError(And(
				ContainSubstring("KUBEBUILDER_ASSETS="+dir+" holds no executable"),
				ContainSubstring("unset it to have them built"))))
		})
	}
}

func TestKubectlIsTakenFromBesideTheAPIServer(t *testing.T) {
	g := NewWithT(t)
	dir := t.TempDir()
	writeProgram(t, filepath.Join(dir, "kubectl"))
	t.Setenv(AssetsEnv, dir)

	g.Expect(Kubectl(t.Context(), io.Discard)).To(Equal(filepath.Join(dir, "kubectl")))
}

func TestTheRootIsFoundFromAnyFolderOfTheCheckout(t *testing.T) {
	root := t.TempDir()
	writeText(t, filepath.Join(root, "go.mod"), "module example\n")
	writeText(t, filepath.Join(root, "hack/tools/go.mod"), "module tools\n")
	writeText(t, filepath.Join(root, "hack/tools/kubernetes/go.mod"), "module kubernetes\n")
	writeText(t, filepath.Join(root, "internal/deep/file.go"), "package deep\n")

	for _, from := range []string{".", "internal/deep", "hack/tools", "hack/tools/kubernetes"} {
		t.Run(from, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(rootOf(filepath.Join(root, from))).To(Equal(root))
		})
	}
}

func TestTheRootIsNotFoundOutsideACheckout(t *testing.T) {
	g := NewWithT(t)
	_, err := rootOf(t.TempDir())
	g.Expect(err).To(MatchError(ContainSubstring("not in a checkout of this repository")))
}

func TestVersionsAreThoseOfThePinnedModules(t *testing.T) {
	g := NewWithT(t)
	root := t.TempDir()
	writeText(t, filepath.Join(root, "hack/tools/kubernetes/go.mod"), `module tools

tool k8s.io/kubernetes/cmd/kubectl

require (
	k8s.io/api v0.37.2 // indirect
	k8s.io/kubernetes v1.37.2 // indirect
)

replace k8s.io/api => k8s.io/api v0.37.2
`)
	writeText(t, filepath.Join(root, "hack/tools/etcd/go.mod"), "module tools\n\nrequire go.etcd.io/etcd/server/v3 v3.6.16\n")

	g.Expect(apiServer.version(root)).To(Equal("v1.37.2"))
	g.Expect(etcd.version(root)).To(Equal("v3.6.16"))

	dir, err := cacheDir(root)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(dir).To(HavePrefix(filepath.Join(root, "bin", "controlplane", "kubernetes-v1.37.2-etcd-v3.6.16-")))
}

func TestAVersionThatIsNotPinnedIsAnError(t *testing.T) {
	g := NewWithT(t)
	root := t.TempDir()
	writeText(t, filepath.Join(root, "hack/tools/etcd/go.mod"), "module tools\n\ntool go.etcd.io/etcd/server/v3\n")

	_, err := etcd.version(root)
	g.Expect(err).To(MatchError(ContainSubstring("does not require go.etcd.io/etcd/server/v3")))
}

func TestTheAPIServerIsStampedWithItsVersion(t *testing.T) {
	g := NewWithT(t)
	g.Expect(apiServer.ldflags("v1.37.2")).To(And(
		ContainSubstring("-X k8s.io/component-base/version.gitVersion=v1.37.2"),
		ContainSubstring("-X k8s.io/component-base/version.gitMajor=1"),
		ContainSubstring("-X k8s.io/component-base/version.gitMinor=37")))
}

func writeProgram(t *testing.T, path string) {
	t.Helper()
	writeText(t, path, "#!/bin/sh\n")
	NewWithT(t).Expect(os.Chmod(path, 0o755)).To(Succeed())
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	g := NewWithT(t)
	g.Expect(os.MkdirAll(filepath.Dir(path), 0o755)).To(Succeed())
	g.Expect(os.WriteFile(path, []byte(text), 0o644)).To(Succeed())
}
