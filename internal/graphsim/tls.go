package graphsim

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"time"
)

// TLSServer serves the tenant over TLS, for client libraries that refuse a token
// endpoint without it.
type TLSServer struct {
	// URL is the server's address without a path: the authority host.
	URL string
	// CA is the certificate, in PEM, that signed the server's.
	CA []byte

	server *http.Server
	done   chan error
}

// StartTLS serves Handler over TLS on an address such as 127.0.0.1:0, with a
// certificate authority made for the occasion.
func (t *Tenant) StartTLS(address string) (*TLSServer, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening for TLS: %w", err)
	}
	ca, certificate, err := makeCertificate(time.Now())
	if err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	s := &TLSServer{URL: "https://" + listener.Addr().String(), CA: ca, done: make(chan error, 1)}
	s.server = &http.Server{
		Handler:           t.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig: &tls.Config{
			Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12,
			VerifyConnection: t.countHandshake,
		},
	}
	go func() { s.done <- s.server.ServeTLS(listener, "", "") }()
	return s, nil
}

func (t *Tenant) countHandshake(tls.ConnectionState) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ledger.TLSHandshakes++
	return nil
}

// Close stops the server and breaks its connections.
func (s *TLSServer) Close() error {
	err := s.server.Close()
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// makeCertificate makes an authority and a certificate for loopback.
func makeCertificate(now time.Time) (caPEM []byte, certificate tls.Certificate, err error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, certificate, err
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Simulated tenant CA"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(365 * 24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return nil, certificate, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, certificate, err
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), caKey)
	if err != nil {
		return nil, certificate, err
	}
	certificate = tls.Certificate{Certificate: [][]byte{der, caDER}, PrivateKey: key}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}), certificate, nil
}
