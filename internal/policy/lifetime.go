package policy

import (
	"fmt"
	"time"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// Lifetime is until when a request is for.
type Lifetime struct {
	// Ends is when what is asked for ends by itself; zero for never.
	Ends time.Time
	// Now is the moment of the decision.
	Now time.Time
}

const day = 24 * time.Hour

// limit holds the lifetime against a policy. The limit moves with the clock and not with the object's age: so a date that has been
// moved on in Git renews what is there, and whatever was allowed once stays so until the policy changes. A date that is too far
// ahead is allowed as soon as it has come near enough, which is what said.from tells.
//
// The latest date is given to the day, so that the message of one day is always the same.
func (l Lifetime) limit(said *verdict, grant *b2b.InvitationGrant) {
	if grant == nil || grant.MaxLifetimeDays == nil {
		return
	}
	days := *grant.MaxLifetimeDays
	most := time.Duration(days) * day
	latest := l.Now.UTC().Add(most).Format(time.DateOnly)
	switch {
	case days == 0:
		said.objections = append(said.objections, "anything: its maxLifetimeDays is 0")
	case l.Ends.IsZero():
		said.objections = append(said.objections,
			fmt.Sprintf("a request without an end: set spec.expirationTime, to %s at the latest (maxLifetimeDays %d)", latest, days))
	case l.Ends.After(l.Now.Add(most)):
		if len(said.objections) == 0 {
			said.from = l.Ends.Add(-most)
		}
		said.objections = append(said.objections, fmt.Sprintf("an end as late as %s: set spec.expirationTime to %s at the latest "+
			"(maxLifetimeDays %d)", l.Ends.UTC().Format(time.RFC3339), latest, days))
	}
}
