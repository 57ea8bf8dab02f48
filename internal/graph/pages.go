package graph

import (
	"context"
	"errors"
	"fmt"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// maxPages bounds a listing: with 999 objects a page, more than any tenant has guests.
const maxPages = 2000

// pageSize is the largest that Graph gives for users, groups and members.
const pageSize = 999

// collection is one page of the SDK's, of elements V.
type collection[V any] interface {
	GetValue() []V
	GetOdataNextLink() *string
}

// pages follows a listing from its first page to its end, and gives each page, converted, to yield. The host of a next link is
// checked where every request is: see hostPin.
func pages[V, T any, P collection[V]](ctx context.Context, c *Client, op operation,
	first func(context.Context) (P, error), next func(ctx context.Context, link string) (P, error),
	convert func([]V) ([]T, error), yield func([]T) error) error {
	seen := map[string]bool{}
	get := first
	for range maxPages {
		var link string
		items, err := call(ctx, c, op, func(ctx context.Context) (items []T, err error) {
			page, err := get(ctx)
			if err != nil {
				return nil, err
			}
			items, link, err = read(page, convert)
			return items, err
		})
		if err != nil {
			return err
		}
		if err := yield(items); err != nil {
			return err
		}
		if link == "" {
			return nil
		}
		if seen[link] {
			return endless("a next link that was followed before")
		}
		seen[link] = true
		get = func(ctx context.Context) (P, error) {
			exchangeOf(ctx).follows = true
			return next(ctx, link)
		}
	}
	return endless(fmt.Sprintf("more than %d pages", maxPages))
}

// read takes a page apart. An answer without a value is an error and not an empty page: it must not look as if everybody were
// gone.
func read[V, T any, P collection[V]](page P, convert func([]V) ([]T, error)) (items []T, link string, err error) {
	if any(page) == nil || page.GetValue() == nil {
		return nil, "", errors.New("a page without values")
	}
	items, err = convert(page.GetValue())
	return items, value(page.GetOdataNextLink()), err
}

func endless(what string) *directory.Error {
	return &directory.Error{Class: directory.Unavailable, Err: &unreadableError{errors.New(what)}}
}

// collect appends each page to all.
func collect[T any](all *[]T) func([]T) error {
	return func(page []T) error {
		*all = append(*all, page...)
		return nil
	}
}
