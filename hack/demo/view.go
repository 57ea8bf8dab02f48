package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// view holds the operator's objects as the API server prints them for kubectl get, and follows them as they change.
type view struct {
	client *rest.RESTClient
	screen *screen

	mu      sync.Mutex
	kinds   []*kind
	changes chan struct{} // closed at the next change
}

// kind is one kind of object and its rows.
type kind struct {
	name, resource string
	columns        []string
	rows           map[string]row
	width          []int
	announced      bool // its headings have been shown
}

func newView(config *rest.Config, s *screen) (*view, error) {
	config = rest.CopyConfig(config)
	config.GroupVersion, config.APIPath = &b2b.GroupVersion, "/apis"
	config.NegotiatedSerializer = clientgoscheme.Codecs.WithoutConversion()
	client, err := rest.RESTClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("building the client of the table: %w", err)
	}
	v := &view{client: client, screen: s, changes: make(chan struct{})}
	for _, k := range [][2]string{
		{"EntraTenant", "entratenants"}, {"GuestPolicy", "guestpolicies"}, {"Guest", "guests"},
		{"GuestInvitation", "guestinvitations"}, {"GuestGroupMembership", "guestgroupmemberships"},
	} {
		v.kinds = append(v.kinds, &kind{name: k[0], resource: k[1], rows: map[string]row{}})
	}
	return v, nil
}

// start follows all kinds until ctx ends or the returned function is called, which waits for the end.
func (v *view) start(ctx context.Context) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	for _, k := range v.kinds {
		running.Go(func() { v.follow(ctx, k) })
	}
	if v.screen.terminal {
		running.Go(func() { v.refresh(ctx) })
	}
	return func() error {
		cancel()
		running.Wait()
		return nil
	}
}

// refresh lets the ages in the table pass.
func (v *view) refresh(ctx context.Context) {
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			v.mu.Lock()
			v.draw()
			v.mu.Unlock()
		}
	}
}

func (v *view) replace(k *kind, table *metav1.Table) error {
	rows := map[string]row{}
	columns, err := readTable(table, nil, rows)
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	k.columns = columns
	for name := range k.rows {
		if _, stays := rows[name]; !stays {
			v.remove(k, name)
		}
	}
	for _, r := range rows {
		v.put(k, r)
	}
	v.changedLocked()
	return nil
}

func (v *view) apply(k *kind, event string, table *metav1.Table) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	rows := map[string]row{}
	if _, err := readTable(table, k.columns, rows); err != nil {
		return err
	}
	for name, r := range rows {
		if event == "DELETED" {
			v.remove(k, name)
		} else {
			v.put(k, r)
		}
	}
	v.changedLocked()
	return nil
}

func (v *view) put(k *kind, r row) {
	before, known := k.rows[r.key()]
	k.rows[r.key()] = r
	if known && r.sameAs(before, k.columns) {
		return
	}
	v.tell(k, r.fields(k.columns, time.Now())...)
}

func (v *view) remove(k *kind, name string) {
	r := k.rows[name]
	delete(k.rows, name)
	v.tell(k, shorten(r.key(), nameWidth), "deleted")
}

// kindWidth is that of the longest name of a kind.
const kindWidth = len("guestgroupmembership")

// tell adds a line about an object to the story, below the headings when it is the first of its kind.
func (v *view) tell(k *kind, fields ...string) {
	head := headings("name", k.columns)
	if !k.announced {
		k.width = widths([]int{kindWidth}, append([]string{""}, head...), append([]string{""}, fields...))
		k.announced = true
		v.screen.changed(align(append([]string{strings.ToUpper(k.name)}, head...), k.width))
	}
	fields = append([]string{strings.ToLower(k.name)}, fields...)
	k.width = widths(k.width, fields)
	v.screen.changed(align(fields, k.width))
}

// poke says that something outside the cluster has changed.
func (v *view) poke() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.changedLocked()
}

func (v *view) changedLocked() {
	close(v.changes)
	v.changes = make(chan struct{})
	v.draw()
}

// next is closed at the next change.
func (v *view) next() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.changes
}

func (v *view) draw() {
	if v.screen.terminal {
		v.screen.show(v.table(time.Now()))
	}
}

// table is what there is of every kind, one block for each.
func (v *view) table(now time.Time) []string {
	var lines []string
	for _, k := range v.kinds {
		if len(k.rows) == 0 {
			continue
		}
		block := [][]string{headings(k.name, k.columns)}
		for _, r := range k.sorted() {
			block = append(block, r.fields(k.columns, now))
		}
		width := widths(nil, block...)
		lines = append(lines, "")
		for _, fields := range block {
			lines = append(lines, align(fields, width))
		}
	}
	return lines
}

func (k *kind) sorted() []row {
	rows := make([]row, 0, len(k.rows))
	for _, r := range k.rows {
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(a.key(), b.key()) })
	return rows
}

// get reads an object of the view into object; false where there is none.
func (v *view) get(kindName, key string, object any) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, k := range v.kinds {
		if r, ok := k.rows[key]; ok && k.name == kindName {
			return json.Unmarshal(r.object, object) == nil
		}
	}
	return false
}

// conditions are those of all objects, one a line.
func (v *view) conditions() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var lines []string
	for _, k := range v.kinds {
		for _, r := range k.sorted() {
			var object struct {
				Status struct{ Conditions []metav1.Condition }
			}
			if err := json.Unmarshal(r.object, &object); err != nil {
				continue
			}
			if len(object.Status.Conditions) == 0 {
				lines = append(lines, fmt.Sprintf("%s %s has no conditions", k.name, r.key()))
			}
			for _, c := range object.Status.Conditions {
				lines = append(lines, fmt.Sprintf("%s %s: %s=%s %s %s", k.name, r.key(), c.Type, c.Status, c.Reason, c.Message))
			}
		}
	}
	return lines
}
