package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// Decision is the answer to a request.
type Decision struct {
	Allowed bool
	// Reason is why not: WaitingForPolicy, WaitingForGroup, WaitingForApplication or PolicyDenied.
	Reason string
	// Message says what is not allowed, and by which policies.
	Message string
	// GroupID is the group that an allowed membership is for.
	GroupID string
	// Application is the application that an allowed assignment is for.
	Application b2b.ResolvedApplication
	// Policy is the name of the policy that allows the request.
	Policy string
	// From is when a request that is denied for the date of its end alone will be allowed; zero for never.
	From time.Time
}

// verdict is what one policy says to one request.
type verdict struct {
	objections []string
	// pending says why the policy cannot tell yet, and waitingFor is the reason; they count where there is no objection.
	pending, waitingFor string
	groupID             string
	application         b2b.ResolvedApplication
	// from is when the objections end by themselves; zero for never.
	from time.Time
}

// judge asks every policy. The first that allows the request decides, then the first that cannot tell yet.
func (g Grants) judge(request func(*b2b.GuestPolicy) verdict) Decision {
	if g.Empty() {
		return Decision{
			Reason: b2b.ReasonWaitingForPolicy,
			Message: fmt.Sprintf("no GuestPolicy for EntraTenant %q selects this namespace: ask the platform team for one, "+
				"or for the labels that an existing one selects", g.tenant),
		}
	}
	var refused refusals
	var pending Decision
	var from time.Time
	for i := range g.policies {
		policy := &g.policies[i]
		said := request(policy)
		if !said.from.IsZero() && (from.IsZero() || said.from.Before(from)) {
			from = said.from
		}
		switch {
		case len(said.objections) > 0:
			refused.add(policy.Name, said.objections)
		case said.pending == "":
			return Decision{Allowed: true, GroupID: said.groupID, Application: said.application, Policy: policy.Name}
		case pending.Reason == "":
			pending = Decision{Reason: said.waitingFor, Message: fmt.Sprintf("GuestPolicy %s: %s", policy.Name, said.pending)}
		}
	}
	if pending.Reason != "" {
		pending.From = from
		return pending
	}
	return Decision{Reason: b2b.ReasonPolicyDenied, Message: refused.message(), From: from}
}

// refusals are the policies that refuse a request, together where they have the same objections.
type refusals []refusal

type refusal struct{ policies, objections []string }

func (r *refusals) add(policy string, objections []string) {
	for i := range *r {
		if slices.Equal((*r)[i].objections, objections) {
			(*r)[i].policies = append((*r)[i].policies, policy)
			return
		}
	}
	*r = append(*r, refusal{policies: []string{policy}, objections: objections})
}

// maxNamed bounds how many policies, or groups of policies, a message names.
const maxNamed = 5

func (r refusals) message() string {
	var sentences []string
	for _, refused := range r[:min(len(r), maxNamed)] {
		subject, verb := "GuestPolicy", "does"
		if len(refused.policies) > 1 {
			subject, verb = "GuestPolicies", "do"
		}
		sentences = append(sentences, fmt.Sprintf("%s %s %s not allow %s",
			subject, enumerate(refused.policies), verb, strings.Join(refused.objections, ", nor ")))
	}
	if more := len(r) - maxNamed; more > 0 {
		sentences = append(sentences, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(sentences, "; ")
}

func enumerate(names []string) string {
	if more := len(names) - maxNamed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNamed], ", "), more)
	}
	return strings.Join(names, ", ")
}
