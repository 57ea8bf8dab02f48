package controllers

import (
	"context"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/additions"
	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
	"github.com/entraguests/entra-guest-operator/internal/mirror"
)

// Connection is a tenant that the operator is connected to: one of each for all objects of it.
type Connection struct {
	Directory directory.Directory
	Mirror    *mirror.Mirror
	Additions *additions.Queue
	Breaker   *Breaker
	Budget    *budget.Budget
	// RequestTimeout is the deadline of every request to the directory, counted from its start.
	RequestTimeout time.Duration
}

// Tenants are the connected tenants by the name of their EntraTenant. The EntraTenant controller keeps it.
type Tenants struct {
	mu sync.RWMutex
	// connections has a nil for a tenant that could not be connected, and nothing for one that was not tried yet.
	connections map[string]*Connection
}

// NewTenants gives a registry without tenants.
func NewTenants() *Tenants { return &Tenants{connections: map[string]*Connection{}} }

// Get gives the connection of an EntraTenant, nil where there is none.
func (t *Tenants) Get(name string) *Connection {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.connections[name]
}

// Tried reports whether this process has tried to connect the EntraTenant. Before that, a missing connection says nothing.
func (t *Tenants) Tried(name string) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	_, tried := t.connections[name]
	return tried
}

// Set registers the connection of an EntraTenant, nil where it could not be connected, and gives the number of connections.
func (t *Tenants) Set(name string, connection *Connection) (connected int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.connections[name] = connection
	for _, other := range t.connections {
		if other != nil {
			connected++
		}
	}
	return connected
}

// tenant is an EntraTenant as the objects that refer to it see it.
type tenant struct {
	*b2b.EntraTenant // nil where the object does not exist
	*Connection      // nil where it is not connected
	untried          bool
}

// waiting says why objects of this tenant cannot go on, or nil where they can.
func (t tenant) waiting(name string) *lifecycle.Verdict {
	var message string
	switch {
	case t.EntraTenant == nil:
		message = fmt.Sprintf("EntraTenant %q does not exist: the platform team has to create it", name)
	case t.Connection != nil:
		return nil
	case t.untried: // after a restart; what the objects say of themselves still holds
		verdict := lifecycle.LookAgain(lifecycle.Retry) // the first listing wakes everybody
		return &verdict
	default:
		message = fmt.Sprintf("EntraTenant %q is not connected yet", name)
		if ready := meta.FindStatusCondition(t.Status.Conditions, b2b.ConditionReady); ready != nil && ready.Message != "" {
			message = fmt.Sprintf("EntraTenant %q is not connected: %s", name, ready.Message)
		}
	}
	verdict := lifecycle.Wait(b2b.ReasonWaitingForTenant, message, 0)
	return &verdict
}

// retainsAll says why nothing of this tenant may be taken away any more, "" where it may.
func (t tenant) retainsAll() string {
	switch {
	case t.EntraTenant == nil:
		return "its EntraTenant is gone, and the tenant cannot be reached without"
	case t.Spec.OnRelease == b2b.OnReleaseRetainAll:
		return "the EntraTenant says onRelease: RetainAll"
	}
	return ""
}

// tenantOf reads an EntraTenant and joins it with its connection. That one does not exist is only believed when a live read says
// so: objects of a tenant that is gone are let go.
func (d Dependencies) tenantOf(ctx context.Context, name string) (tenant, error) {
	object := &b2b.EntraTenant{}
	key := types.NamespacedName{Name: name}
	err := d.Client.Get(ctx, key, object)
	if apierrors.IsNotFound(err) {
		err = d.Reader.Get(ctx, key, object)
	}
	if apierrors.IsNotFound(err) {
		return tenant{}, nil
	}
	if err != nil {
		return tenant{}, fmt.Errorf("reading EntraTenant %s: %w", name, err)
	}
	untried := !d.Tenants.Tried(name) // asked first: what is connected in between is connected
	return tenant{EntraTenant: object, Connection: d.Tenants.Get(name), untried: untried}, nil
}

// suspension says why nothing may be written for an object, "" where it may.
func (t tenant) suspension(objectSuspended bool) string {
	switch {
	case objectSuspended:
		return b2b.ReasonSuspended
	case t.EntraTenant != nil && t.Spec.Suspend:
		return b2b.ReasonTenantSuspended
	}
	return ""
}
