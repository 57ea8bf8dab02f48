package graph

import (
	"context"
	"errors"
	"fmt"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// maxPages bounds a listing: with 999 objects a page, more than any tenant has guests.
const maxPages = 2000

// pageSize is the largest that Graph gives for users and members.
const pageSize = 999

// collection is one page of the SDK's. P is an interface, which is nil where the answer was empty; V is an element.
type collection[V any] interface {
	GetValue() []V
	GetOdataNextLink() *string
}

// pages follows a listing from its first page to its end. The host of a next link is checked where every request is: see
// hostPin. An answer without a value is an error and not an empty page: it must not look as if everybody were gone.
func pages[V any, P collection[V]](ctx context.Context, c *Client, op operation, first func(context.Context) (P, error),
	next func(ctx context.Context, link string) (P, error), yield func([]V) error) error {
	seen := map[string]bool{}
	get := first
	for range maxPages {
		page, err := call(ctx, c, op, get)
		if err != nil {
			return err
		}
		if any(page) == nil || page.GetValue() == nil {
			return unusable("a page without values")
		}
		if err := yield(page.GetValue()); err != nil {
			return err
		}
		link := value(page.GetOdataNextLink())
		if link == "" {
			return nil
		}
		if seen[link] {
			return unusable("a next link that was followed before")
		}
		seen[link] = true
		get = func(ctx context.Context) (P, error) { return next(ctx, link) }
	}
	return unusable(fmt.Sprintf("more than %d pages", maxPages))
}

// unusable is the error for an answer to a read that was delivered whole and makes no sense.
func unusable(what string) *directory.Error {
	return &directory.Error{Class: directory.Unavailable, Err: &unreadableError{errors.New(what)}}
}
