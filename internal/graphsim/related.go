package graphsim

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
