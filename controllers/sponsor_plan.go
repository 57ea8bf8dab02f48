package controllers

import (
	"slices"
	"strings"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// namedSponsor is an entry of spec.sponsors, as far as the tenant knows it.
type namedSponsor struct {
	// key tells the entry from others, name says it to people as the spec does.
	key, name string
	// ref has no ID where nobody was found.
	ref directory.SponsorRef
	// problem is why the sponsor is not to be added, nil where it is.
	problem *sponsorProblem
}

// sponsorProblem is why a sponsor is not set.
type sponsorProblem struct {
	reason string // of condition SponsorsSet
	text   string
}

// there gives those who can answer for a guest, each once.
func there(named []namedSponsor) (found []namedSponsor) {
	for _, sponsor := range named {
		twice := slices.ContainsFunc(found, func(o namedSponsor) bool { return o.ref.ID == sponsor.ref.ID })
		if sponsor.problem == nil && !twice {
			found = append(found, sponsor)
		}
	}
	return found
}

func problemsOf(named []namedSponsor) (problems []sponsorProblem) {
	for _, sponsor := range named {
		if sponsor.problem != nil {
			problems = append(problems, *sponsor.problem)
		}
	}
	return problems
}

// complaint says what keeps sponsors from being set: the reason of the first problem, and all of them.
func complaint(problems []sponsorProblem) (reason, message string) {
	texts := make([]string, 0, len(problems))
	for _, problem := range problems {
		texts = append(texts, problem.text)
	}
	return problems[0].reason, strings.Join(texts, "; ")
}

// sponsorPlan is what is to be written so that a guest has the sponsors that a spec names.
type sponsorPlan struct {
	remove []string
	add    []namedSponsor
	// added are those of the present sponsors whom this operator added and who stay.
	added    []addedSponsor
	problems []sponsorProblem
}

// planSponsors compares the sponsors that a spec names with those that the user has. Whoever this operator added goes when no entry
// means them any more; an entry that means nobody at the moment still stands for whom it meant before. Whoever others have set stays.
func planSponsors(named []namedSponsor, has []directory.Sponsor, added []addedSponsor) sponsorPlan {
	plan := sponsorPlan{problems: problemsOf(named)}
	present := func(id string) bool {
		return slices.ContainsFunc(has, func(s directory.Sponsor) bool { return strings.EqualFold(s.ID, id) })
	}
	for _, own := range added {
		wanted := slices.ContainsFunc(named, func(s namedSponsor) bool {
			return strings.EqualFold(s.ref.ID, own.ID) || s.ref.ID == "" && s.key == own.For
		})
		switch {
		case !present(own.ID):
		case wanted:
			plan.added = append(plan.added, own)
		default:
			plan.remove = append(plan.remove, own.ID)
		}
	}
	room := directory.MaxSponsors - len(has) + len(plan.remove)
	for _, sponsor := range there(named) {
		switch {
		case present(sponsor.ref.ID):
		case len(plan.add) < room:
			plan.add = append(plan.add, sponsor)
		default:
			plan.problems = append(plan.problems, sponsorProblem{b2b.ReasonTooManySponsors,
				sponsor.name + " is not set, because others have set so many that there is no room: a user has at most 5 sponsors"})
		}
	}
	return plan
}

// writes is how many requests the plan takes.
func (p sponsorPlan) writes() int { return len(p.remove) + len(p.add) }

// announced gives whom this operator answers for while the plan is carried out: those who are to be removed included.
func (p sponsorPlan) announced(before []addedSponsor) []addedSponsor {
	going := slices.DeleteFunc(slices.Clone(before), func(s addedSponsor) bool { return !slices.Contains(p.remove, s.ID) })
	return slices.Concat(p.added, p.entries(), going)
}

// entries are those to be added, as they are recorded.
func (p sponsorPlan) entries() []addedSponsor {
	entries := make([]addedSponsor, 0, len(p.add))
	for _, sponsor := range p.add {
		entries = append(entries, sponsor.entry())
	}
	return entries
}

func (s namedSponsor) entry() addedSponsor { return addedSponsor{ID: s.ref.ID, For: s.key} }
