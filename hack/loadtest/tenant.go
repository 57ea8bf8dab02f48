package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/entraguests/entra-guest-operator/hack/internal/process"
)

// tenant is the simulated tenant, a process of its own, and its controls.
type tenant struct {
	url     string
	process *process.Process
}

func startTenant(ctx context.Context, w *world) (*tenant, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	args := []string{"--listen", address, "--seed-data=false", "--latency", w.options.latency.String()}
	if w.options.quota {
		args = append(args, "--quota", "L")
	}
	if w.options.silent {
		args = append(args, "--silent-delta")
	}
	t := &tenant{url: "http://" + address}
	t.process, err = process.Start(ctx, process.Command{
		Name: "the simulated tenant", Path: w.bench.program("graphsim"), Args: args, Log: filepath.Join(w.folder, "graphsim.log"),
	})
	if err != nil {
		return nil, err
	}
	return t, untilServed(ctx, t.process, t.url+"/sim/ledger/summary", http.DefaultClient)
}

// call calls one of the controls. In and out may be nil.
func (t *tenant) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader = http.NoBody
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("%s %s of the tenant: %w", method, path, err)
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, t.url+path, body)
	if err != nil {
		return fmt.Errorf("%s %s of the tenant: %w", method, path, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("%s %s of the tenant: %w", method, path, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusBadRequest {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 1000)) // it is only for the message
		return fmt.Errorf("%s %s of the tenant: %s: %s", method, path, response.Status, text)
	}
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(out); err != nil {
		return fmt.Errorf("%s %s of the tenant: reading the answer: %w", method, path, err)
	}
	return nil
}

func (t *tenant) addGroup(ctx context.Context, name string) (id string, err error) {
	var added struct{ ID string }
	err = t.call(ctx, http.MethodPost, "/sim/admin/groups", map[string]string{"displayName": name}, &added)
	return added.ID, err
}

// redeem accepts an invitation as the guest would.
func (t *tenant) redeem(ctx context.Context, address string) error {
	return t.call(ctx, http.MethodPost, "/sim/redeem", map[string]string{"address": address}, nil)
}

// mailed is when the first mail to an address was sent; the zero time if none was.
func (t *tenant) mailed(ctx context.Context, address string) (time.Time, error) {
	var mails []struct{ Time time.Time }
	if err := t.call(ctx, http.MethodGet, "/sim/mailbox/"+address, nil, &mails); err != nil || len(mails) == 0 {
		return time.Time{}, err
	}
	return mails[0].Time, nil
}

// setLatency changes how long every call takes from now on.
func (t *tenant) setLatency(ctx context.Context, d time.Duration) error {
	return t.call(ctx, http.MethodPost, "/sim/settings", map[string]string{"latency": d.String()}, nil)
}

// seed puts guests into the tenant whom an administrator has invited: so many who have accepted, and so many who are pending.
func (t *tenant) seed(ctx context.Context, accepted, pending int) error {
	for prefix, n := range map[string]int{"accepted": accepted, "pending": pending} {
		population := map[string]any{"guests": n, "address": prefix + "-%d@fabrikam.example", "pending": prefix == "pending"}
		if err := t.call(ctx, http.MethodPost, "/sim/population", population, nil); err != nil {
			return err
		}
	}
	return nil
}

// freeAddress finds a loopback port that nobody listens on.
func freeAddress(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("finding a free port: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}

// startPatience is how long a process may take to serve.
const startPatience = time.Minute

// untilServed waits until a process answers at a URL with 200.
func untilServed(ctx context.Context, p *process.Process, url string, client *http.Client) error {
	deadline := time.NewTimer(startPatience)
	defer deadline.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return fmt.Errorf("waiting for %s: %w", url, err)
		}
		if response, err := client.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.Done():
			return fmt.Errorf("waiting for %s: the process has ended (%w): %s", url, p.Err(), p.Tail(3))
		case <-deadline.C:
			return fmt.Errorf("waiting for %s: nothing is served after %s; the log is %s", url, startPatience, p.Log())
		case <-time.After(lookEvery):
		}
	}
}
