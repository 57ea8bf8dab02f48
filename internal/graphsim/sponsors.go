package graphsim

import (
	"slices"
	"strings"
)

// maxSponsors is how many sponsors a user may have.
const maxSponsors = 5

const tooManySponsors = "No more than 5 sponsors can be assigned."

func listSponsors(x *exchange) (*answer, *apiError) {
	u, err := x.pathUser()
	if err != nil {
		return nil, err
	}
	return x.list(x.objectSource(u.Sponsors))
}

func postSponsor(x *exchange) (*answer, *apiError) {
	id, err := x.bodyReference()
	if err != nil {
		return nil, err
	}
	u, err := x.pathUserForWrite()
	switch {
	case err != nil:
		return nil, err
	case !x.t.referable(id):
		return nil, notFound(id)
	case slices.Contains(u.Sponsors, id):
		return nil, badRequest("One or more added object references already exist for the following modified properties: 'sponsors'.")
	case len(x.t.sponsorsOf(u)) >= maxSponsors:
		return nil, badRequest(tooManySponsors)
	}
	x.t.sponsor(u, id, ByAPI)
	x.commit(u.ID+"/"+id, u.ID, "")
	return noContent(), nil
}

func deleteSponsor(x *exchange) (*answer, *apiError) {
	u, err := x.pathUserForWrite()
	if err != nil {
		return nil, err
	}
	id := strings.ToLower(x.params["sponsorId"])
	if !slices.Contains(u.Sponsors, id) {
		return nil, notFound(id)
	}
	x.t.unsponsor(u, id, ByAPI)
	x.commit(u.ID+"/"+id, u.ID, "")
	return noContent(), nil
}

// checkInvitedSponsors refuses sponsors of an invitation in the words of its service.
func (x *exchange) checkInvitedSponsors(in *invitation) *apiError {
	if len(in.Sponsors) > maxSponsors {
		return invitationRefused(tooManySponsors)
	}
	for _, sponsor := range in.Sponsors {
		if !x.t.referable(strings.ToLower(sponsor.ID)) {
			return invitationRefused("%s", notFound(sponsor.ID).message)
		}
	}
	return nil
}

// sponsorsOf are the ids of the user's sponsors that are there, deleted ones that can
// be restored included: they keep their place.
func (t *Tenant) sponsorsOf(u *user) []string {
	return slices.DeleteFunc(slices.Clone(u.Sponsors), func(id string) bool {
		return t.users.byID[id] == nil && t.deleted.byID[id] == nil && t.groupByID[id] == nil
	})
}

// sponsor makes somebody a sponsor who is none yet; naming one twice is no more.
// Sponsors are a relation, which delta queries do not tell of.
func (t *Tenant) sponsor(u *user, id, by string) {
	if slices.Contains(u.Sponsors, id) {
		return
	}
	u.Sponsors = append(t.sponsorsOf(u), id)
	t.ledger.SponsorsAdded = append(t.ledger.SponsorsAdded, SponsorChange{u.ID, id, by, t.now()})
}

func (t *Tenant) unsponsor(u *user, id, by string) {
	u.Sponsors = slices.DeleteFunc(slices.Clone(u.Sponsors), func(s string) bool { return s == id })
	t.ledger.SponsorsRemoved = append(t.ledger.SponsorsRemoved, SponsorChange{u.ID, id, by, t.now()})
}
