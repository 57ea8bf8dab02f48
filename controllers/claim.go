package controllers

import (
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// maxClaims is how many claims a Guest can hold.
const maxClaims = 256

// claiming is one object asking for the Guest of an address.
type claiming struct {
	tenant  *b2b.EntraTenant
	address string
	claim   b2b.GuestClaim
	// resendToken counts as heeded when the claim is the first of a new Guest.
	resendToken string
}

// ensureClaim puts a claim into the Guest of an address, which it creates where there is none. It gives the Guest with the claim
// in it, or a verdict where the claim has to wait. Fresh says that the claim has only just been put in.
func (d Dependencies) ensureClaim(ctx context.Context, c claiming) (guest *b2b.Guest, fresh bool, verdict *lifecycle.Verdict, err error) {
	guest, err = d.guestOf(ctx, c.tenant, c.address)
	if err != nil {
		return nil, false, nil, err
	}
	if guest == nil {
		guest, err = d.createGuest(ctx, c)
		return guest, true, nil, err
	}
	if verdict, err := c.cannotEnter(guest); verdict != nil || err != nil {
		return guest, false, verdict, err
	}
	entered, err := c.enter(guest, d.Now())
	if err != nil || !entered {
		return guest, false, nil, err
	}
	if err := d.Client.Update(ctx, guest); err != nil {
		return nil, false, nil, fmt.Errorf("claiming Guest %s: %w", guest.Name, err)
	}
	return guest, true, nil, nil
}

// guestOf gives the Guest of an address, nil where there is none.
func (d Dependencies) guestOf(ctx context.Context, tenant *b2b.EntraTenant, address string) (*b2b.Guest, error) {
	guest := &b2b.Guest{}
	name := b2b.GuestName(tenant.Name, tenant.Spec.TenantID, address)
	err := d.Client.Get(ctx, types.NamespacedName{Name: name}, guest)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading Guest %s: %w", name, err)
	}
	return guest, nil
}

// createGuest creates the Guest with its first claim and the finalizer.
func (d Dependencies) createGuest(ctx context.Context, c claiming) (*b2b.Guest, error) {
	guest := &b2b.Guest{
		ObjectMeta: metav1.ObjectMeta{Name: b2b.GuestName(c.tenant.Name, c.tenant.Spec.TenantID, c.address)},
		Spec: b2b.GuestSpec{
			TenantRef:    b2b.TenantReference{Name: c.tenant.Name},
			TenantID:     c.tenant.Spec.TenantID,
			EmailAddress: b2b.NormalizeEmailAddress(c.address),
			Claims:       []b2b.GuestClaim{c.claim},
		},
	}
	controllerutil.AddFinalizer(guest, b2b.Finalizer)
	rec := &record{}
	if c.claim.Kind == b2b.ClaimKindGuestInvitation {
		rec.Author = &author{UID: c.claim.UID, ResendToken: c.resendToken}
	}
	if err := writeRecord(guest, rec); err != nil {
		return nil, err
	}
	if err := d.Client.Create(ctx, guest); err != nil {
		return nil, fmt.Errorf("creating Guest %s: %w", guest.Name, err)
	}
	return guest, nil
}

// cannotEnter says why the claim cannot be in this Guest now.
func (c claiming) cannotEnter(guest *b2b.Guest) (*lifecycle.Verdict, error) {
	var verdict lifecycle.Verdict
	rec, err := readRecord(guest)
	switch {
	case err != nil:
		return nil, err
	case guest.Spec.TenantID != c.tenant.Spec.TenantID || guest.Spec.EmailAddress != b2b.NormalizeEmailAddress(c.address):
		verdict = lifecycle.Stall(b2b.ReasonNameCollision,
			fmt.Sprintf("Guest %q stands for another address or tenant; it was not made by this operator", guest.Name)).Within(lifecycle.Later)
	case rec.releasing():
		verdict = lifecycle.Wait(b2b.ReasonReleasing, "the guest is being released, because nobody asked for them any more; "+
			"a new life begins when that is over", 0)
	case !c.holds(guest) && len(guest.Spec.Claims) >= maxClaims:
		verdict = lifecycle.Wait(b2b.ReasonWaitingForGuest, fmt.Sprintf("%d others ask for this guest already, which is the limit",
			maxClaims), lifecycle.Later)
	default:
		return nil, nil
	}
	return &verdict, nil
}

// enter puts the claim into the Guest, and reports whether that changed anything. An object of the same name under another uid
// is the same claim, restored from a backup.
func (c claiming) enter(guest *b2b.Guest, now time.Time) (changed bool, err error) {
	at := c.position(guest)
	switch {
	case at < 0:
		return true, c.arrive(guest, now)
	case guest.Spec.Claims[at] == c.claim:
		return false, nil
	}
	guest.Spec.Claims[at] = c.claim
	return true, nil
}

// arrive puts the claim in behind all others. One that had been dropped because the guest had not redeemed is let in again.
func (c claiming) arrive(guest *b2b.Guest, now time.Time) error {
	rec, err := readRecord(guest)
	if err != nil {
		return err
	}
	others := guest.Spec.Claims
	guest.Spec.Claims = append(guest.Spec.Claims, c.claim)
	if !rec.readmit(c.claim, others, c.resendToken, now) {
		return nil
	}
	return writeRecord(guest, rec)
}

func (c claiming) position(guest *b2b.Guest) int {
	return slices.IndexFunc(guest.Spec.Claims, func(other b2b.GuestClaim) bool { return sameClaimant(other, c.claim) })
}

// holds reports whether the claim is in the Guest, which may be nil.
func (c claiming) holds(guest *b2b.Guest) bool { return guest != nil && c.position(guest) >= 0 }
