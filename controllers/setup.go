package controllers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/writes"
)

// Options are what the controllers are told from outside.
type Options struct {
	// Simulator stands in for Microsoft's clouds where it is set.
	Simulator Simulator
	// Limits are what the directory lets the application send in each tenant; the zero value is no limit.
	Limits budget.Limits
	// ReplicationWindow is the longest that the directory is thought to hide a write.
	ReplicationWindow time.Duration
	// OperatorNamespace is where the Secrets with the credentials are, and nowhere else.
	OperatorNamespace string
	// Connect makes the client of a tenant; nil for Microsoft Graph.
	Connect Connect
	// Metrics is where the metrics are registered; nil for the registry of controller-runtime.
	Metrics prometheus.Registerer
	// Now is the clock; nil for time.Now.
	Now func() time.Time
}

// Dependencies are what the controllers have in common.
type Dependencies struct {
	// Client reads from the cache and sees its own writes: a list waits until all of them have come back. What it writes waits for its turn.
	// Reader reads live. Cache does not wait; it is for finding whom an event concerns, where whatever is missing will bring an event of its
	// own.
	Client client.Client
	Reader client.Reader
	Cache  client.Reader
	// Secrets are those of teams, with redeem links. Client has only those of the operator's namespace.
	Secrets linkSecrets

	Tenants *Tenants
	Feeds   *Feeds
	Events  *Events
	Metrics *Metrics
	// Tally counts the Guests.
	Tally *tally
	// Users serialises, by user id, whatever takes something away from a user: two addresses can be one person.
	Users *keyedMutex
	// Records serialises, by name, the changes that memberships and app role assignments make to the record of a Guest.
	Records *keyedMutex

	Now               func() time.Time
	Limits            budget.Limits
	ReplicationWindow time.Duration
	OperatorNamespace string
}

// Scheme has every kind that the operator reads or writes.
func Scheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	err := errors.Join(clientgoscheme.AddToScheme(scheme), b2b.AddToScheme(scheme))
	return scheme, err
}

// Setup registers the indexes and all controllers with the manager.
func Setup(ctx context.Context, mgr ctrl.Manager, options Options) error {
	if err := registerIndexes(ctx, mgr.GetFieldIndexer()); err != nil {
		return err
	}
	deps, err := dependencies(mgr, options)
	if err != nil {
		return err
	}
	for kind, setup := range map[string]func() error{
		"EntraTenant":            func() error { return SetupEntraTenant(mgr, deps, options.Simulator, options.Connect) },
		"GuestPolicy":            func() error { return SetupGuestPolicy(mgr, deps) },
		"Guest":                  func() error { return SetupGuest(mgr, deps) },
		"GuestInvitation":        func() error { return SetupGuestInvitation(mgr, deps) },
		"GuestGroupMembership":   func() error { return SetupGuestGroupMembership(mgr, deps) },
		"GuestAppRoleAssignment": func() error { return SetupGuestAppRoleAssignment(mgr, deps) },
	} {
		if err := setup(); err != nil {
			return fmt.Errorf("setting up the controller of %s: %w", kind, err)
		}
	}
	return nil
}

// writesAtOnce is how many writes an API server gets at a time: fewer make thousands of objects slower, more a lone one among them. On two
// cores 16 took a fifth from the rate of thousands, and 48 made a lone invitation take half as long again (docs/performance.md).
const writesAtOnce = 24

// laneOf gives the namespace that a write is for: of a Guest, that of whoever asked for it first.
func laneOf(object client.Object) string {
	if guest, isGuest := object.(*b2b.Guest); isGuest && len(guest.Spec.Claims) > 0 {
		return guest.Spec.Claims[0].Namespace
	}
	return object.GetNamespace()
}

func dependencies(mgr ctrl.Manager, options Options) (Dependencies, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Metrics == nil {
		options.Metrics = metrics.Registry
	}
	ownMetrics, err := NewMetrics(options.Metrics)
	if err != nil {
		return Dependencies{}, err
	}
	uncached, err := client.New(mgr.GetConfig(), client.Options{
		HTTPClient: mgr.GetHTTPClient(), Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper(),
	})
	return Dependencies{
		Client:            writes.New(mgr.GetClient(), writesAtOnce, laneOf),
		Reader:            mgr.GetAPIReader(),
		Cache:             mgr.GetCache(),
		Secrets:           linkSecrets{uncached},
		Tenants:           NewTenants(),
		Feeds:             NewFeeds(mgr.GetCache()),
		Events:            NewEvents(mgr.GetEventRecorder("entra-guest-operator")),
		Metrics:           ownMetrics,
		Tally:             newTally(),
		Users:             newKeyedMutex(),
		Records:           newKeyedMutex(),
		Now:               options.Now,
		Limits:            options.Limits,
		ReplicationWindow: options.ReplicationWindow,
		OperatorNamespace: options.OperatorNamespace,
	}, err
}
