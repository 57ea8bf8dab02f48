// Package writes keeps the writes to the API server few at a time and fair between namespaces.
//
// An API server works on what it is sent side by side, and everything takes the longer the more that is. So hundreds of workers that
// write for one namespace would hold up each write for another by all of theirs, however fair the queues are from which they work.
package writes

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Client is a client whose writes to objects and their status wait for their turn: so many are sent at a time, and lanes take turns.
// Reads do not wait, and neither do Apply, DeleteAllOf and other subresources.
type Client struct {
	client.Client
	gate *gate
	lane func(client.Object) string
}

// New wraps a client. Lane gives the lane of an object, such as its namespace.
func New(wrapped client.Client, atOnce int, lane func(client.Object) string) *Client {
	return &Client{Client: wrapped, gate: newGate(atOnce), lane: lane}
}

// inTurn waits for a turn and writes. Where ctx ends before that, nothing was sent.
func (c *Client) inTurn(ctx context.Context, object client.Object, write func() error) error {
	if err := c.gate.enter(ctx, c.lane(object)); err != nil {
		return err
	}
	defer c.gate.leave()
	return write()
}

// Create implements client.Writer.
func (c *Client) Create(ctx context.Context, object client.Object, options ...client.CreateOption) error {
	return c.inTurn(ctx, object, func() error { return c.Client.Create(ctx, object, options...) })
}

// Update implements client.Writer.
func (c *Client) Update(ctx context.Context, object client.Object, options ...client.UpdateOption) error {
	return c.inTurn(ctx, object, func() error { return c.Client.Update(ctx, object, options...) })
}

// Patch implements client.Writer.
func (c *Client) Patch(ctx context.Context, object client.Object, patch client.Patch, options ...client.PatchOption) error {
	return c.inTurn(ctx, object, func() error { return c.Client.Patch(ctx, object, patch, options...) })
}

// Delete implements client.Writer.
func (c *Client) Delete(ctx context.Context, object client.Object, options ...client.DeleteOption) error {
	return c.inTurn(ctx, object, func() error { return c.Client.Delete(ctx, object, options...) })
}

// Status implements client.StatusClient.
func (c *Client) Status() client.SubResourceWriter {
	return &statusWriter{SubResourceWriter: c.Client.Status(), client: c}
}

type statusWriter struct {
	client.SubResourceWriter
	client *Client
}

// Update implements client.SubResourceWriter.
func (w *statusWriter) Update(ctx context.Context, object client.Object, options ...client.SubResourceUpdateOption) error {
	return w.client.inTurn(ctx, object, func() error { return w.SubResourceWriter.Update(ctx, object, options...) })
}

// Patch implements client.SubResourceWriter.
func (w *statusWriter) Patch(ctx context.Context, object client.Object, patch client.Patch, options ...client.SubResourcePatchOption) error {
	return w.client.inTurn(ctx, object, func() error { return w.SubResourceWriter.Patch(ctx, object, patch, options...) })
}
