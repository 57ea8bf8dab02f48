package graphsim

import (
	"slices"
	"strings"
)

// maxSponsors is how many sponsors a user may have.
const maxSponsors = 5

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
	case x.t.object(id) == nil:
		return nil, notFound(id)
	case slices.Contains(u.Sponsors, id):
		return nil, badRequest("One or more added object references already exist for the following modified properties: 'sponsors'.")
	case len(u.Sponsors) == maxSponsors:
		return nil, badRequest("No more than %d sponsors can be assigned.", maxSponsors)
	}
	u.Sponsors = append(slices.Clone(u.Sponsors), id)
	x.commit(u.ID+"/"+id, u.ID, "")
	return noContent(), nil
}

func deleteSponsor(x *exchange) (*answer, *apiError) {
	u, err := x.pathUserForWrite()
	if err != nil {
		return nil, err
	}
	id := strings.ToLower(x.params["sponsorId"])
	at := slices.Index(u.Sponsors, id)
	if at < 0 {
		return nil, notFound(id)
	}
	u.Sponsors = slices.Delete(slices.Clone(u.Sponsors), at, at+1)
	x.commit(u.ID+"/"+id, u.ID, "")
	return noContent(), nil
}

func getManager(x *exchange) (*answer, *apiError) {
	u, err := x.pathUser()
	if err != nil {
		return nil, err
	}
	manager := x.t.object(u.Manager)
	if manager == nil {
		return nil, notFound("manager")
	}
	q, err := x.itemQuery(directoryObject)
	if err != nil {
		return nil, err
	}
	return x.item(manager, q, "directoryObjects", true), nil
}

func putManager(x *exchange) (*answer, *apiError) {
	id, err := x.bodyReference()
	if err != nil {
		return nil, err
	}
	u, err := x.pathUserForWrite()
	switch {
	case err != nil:
		return nil, err
	case x.t.object(id) == nil:
		return nil, notFound(id)
	}
	u.Manager = id
	x.commit(u.ID+"/"+id, u.ID, "")
	return noContent(), nil
}

func deleteManager(x *exchange) (*answer, *apiError) {
	u, err := x.pathUserForWrite()
	switch {
	case err != nil:
		return nil, err
	case u.Manager == "":
		return nil, notFound("manager")
	}
	u.Manager = ""
	x.commit(u.ID, u.ID, "")
	return noContent(), nil
}
