package controllers

import (
	"context"
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// settings answers as a tenant would, and counts how often it is asked about itself.
type settings struct {
	TenantClient
	invites directory.AllowInvitesFrom
	err     error
	asked   int
}

func (s *settings) Organization(context.Context) (directory.Organization, error) {
	s.asked++
	return directory.Organization{ID: "contoso"}, nil
}

func (s *settings) AllowInvitesFrom(context.Context) (directory.AllowInvitesFrom, error) {
	return s.invites, s.err
}

func (s *settings) Permissions(context.Context) (directory.Permissions, error) {
	return directory.Permissions{Known: true}, nil
}

// asksInAnHour is how often an operator that looks at its tenant every interval asks it about itself in an hour.
func asksInAnHour(s *settings, interval time.Duration, breaker *Breaker) int {
	now := time.Unix(0, 0)
	r := &tenantReconciler{}
	r.Now = func() time.Time { return now }
	tenant := &b2b.EntraTenant{Spec: b2b.EntraTenantSpec{
		TenantID: "contoso", Observation: b2b.Observation{IntervalSeconds: int32(interval / time.Second)},
	}}
	own, by := &tenantLinks{breaker: breaker}, &link{client: s}
	for end := now.Add(time.Hour); now.Before(end); now = now.Add(interval) {
		r.ask(context.Background(), tenant, own, by)
	}
	return s.asked
}

func TestAnOrderlyTenantIsAskedAboutItselfNowAndThen(t *testing.T) {
	for interval, times := range map[time.Duration]int{5 * time.Second: 36, time.Minute: 3, 5 * time.Minute: 1, time.Hour: 1} {
		NewWithT(t).Expect(asksInAnHour(&settings{invites: "everyone"}, interval, NewBreaker(time.Now, nil))).To(Equal(times), "every %s", interval)
	}
}

func TestATenantInWhichSomethingIsWrongIsAskedAboutItselfInEachInterval(t *testing.T) {
	g := NewWithT(t)
	g.Expect(asksInAnHour(&settings{invites: directory.AllowInvitesFromNone}, time.Minute, NewBreaker(time.Now, nil))).To(Equal(60))
	g.Expect(asksInAnHour(&settings{err: errors.New("unavailable")}, time.Minute, NewBreaker(time.Now, nil))).To(Equal(60))
	open := NewBreaker(time.Now, nil)
	open.Open("the tenant refuses invitations")
	g.Expect(asksInAnHour(&settings{invites: "everyone"}, time.Minute, open)).To(Equal(60))
}

func TestATenantThatMayNotBeAskedForASettingIsNotAskedMoreOften(t *testing.T) {
	denied := &directory.Error{Class: directory.Denied}
	NewWithT(t).Expect(asksInAnHour(&settings{err: denied}, time.Minute, NewBreaker(time.Now, nil))).To(Equal(3))
}
