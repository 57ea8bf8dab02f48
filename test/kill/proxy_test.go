package kill

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// proxy stands before an API server and tells a recorder of every write that the API server has committed, before the answer
// goes on to the manager and after. It speaks plain HTTP and has the administrator's credentials.
type proxy struct {
	recorder *recorder
	reverse  *httputil.ReverseProxy
	requests *request.RequestInfoFactory
}

// write is one request that may change something, on its way.
type write struct {
	class string
	point *point // nil unless committed, and the answer is on its way
}

type writeKey struct{}

// errBreak has the connection to the manager broken.
var errBreak = errors.New("the connection is to break")

// startProxy serves a proxy for as long as the test runs and gives its URL.
func startProxy(t *testing.T, config *rest.Config, r *recorder) string {
	t.Helper()
	g := NewWithT(t)
	target, err := url.Parse(config.Host)
	g.Expect(err).NotTo(HaveOccurred())
	transport, err := rest.TransportFor(config)
	g.Expect(err).NotTo(HaveOccurred())
	p := &proxy{
		recorder: r,
		requests: &request.RequestInfoFactory{APIPrefixes: sets.NewString("api", "apis"), GrouplessAPIPrefixes: sets.NewString("api")},
	}
	p.reverse = &httputil.ReverseProxy{
		Rewrite:        func(outgoing *httputil.ProxyRequest) { outgoing.SetURL(target) },
		Transport:      transport,
		FlushInterval:  -1, // watches
		ModifyResponse: p.arrived,
		ErrorHandler:   func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }, // breaks the connection
		ErrorLog:       log.New(io.Discard, "", 0),                                                      // a killed client is no news
	}
	return serve(t, p)
}

// serve serves for as long as the test runs.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := &write{class: p.classOf(r)}
	if call.class != "" {
		r = r.WithContext(context.WithValue(r.Context(), writeKey{}, call))
	}
	p.reverse.ServeHTTP(w, r)
	if call.point != nil {
		_ = http.NewResponseController(w).Flush() // the manager may be dead
		p.recorder.answered(*call.point)
	}
}

// arrived sees the API server's answer first.
func (p *proxy) arrived(response *http.Response) error {
	call, isWrite := response.Request.Context().Value(writeKey{}).(*write)
	if isWrite && response.StatusCode >= 200 && response.StatusCode < 300 {
		at := p.recorder.committed(kubernetes, call.class)
		if p.recorder.breaks(at) {
			return errBreak
		}
		call.point = &at
	}
	return nil
}

// classOf is a verb of the Kubernetes API and a resource; empty for reads, and for events and leases, which are no part of what
// the operator promises.
func (p *proxy) classOf(r *http.Request) string {
	info, err := p.requests.NewRequestInfo(r)
	if err != nil || !info.IsResourceRequest || info.Resource == "events" || info.Resource == "leases" {
		return ""
	}
	switch info.Verb {
	case "get", "list", "watch":
		return ""
	}
	if info.Subresource != "" {
		return info.Verb + " " + info.Resource + "/" + info.Subresource
	}
	return info.Verb + " " + info.Resource
}

// writeKubeconfig makes a kubeconfig for an API server that asks for no credentials.
func writeKubeconfig(t *testing.T, server string) string {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters["proxy"] = &clientcmdapi.Cluster{Server: server}
	config.AuthInfos["nobody"] = &clientcmdapi.AuthInfo{}
	config.Contexts["proxy"] = &clientcmdapi.Context{Cluster: "proxy", AuthInfo: "nobody"}
	config.CurrentContext = "proxy"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	NewWithT(t).Expect(clientcmd.WriteToFile(*config, path)).To(Succeed())
	return path
}
