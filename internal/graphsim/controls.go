package graphsim

import (
	"encoding/json"
	"errors"
	"net/http"
)

// handleControls serves /sim: what the doc comment of the package lists.
func (t *Tenant) handleControls(mux *http.ServeMux) {
	mux.HandleFunc("GET /sim/ledger", func(w http.ResponseWriter, _ *http.Request) { reply(w, t.Ledger(), nil) })
	mux.HandleFunc("GET /sim/ledger/summary", func(w http.ResponseWriter, _ *http.Request) { reply(w, t.Summary(), nil) })
	mux.HandleFunc("POST /sim/ledger/reset", func(w http.ResponseWriter, _ *http.Request) {
		t.ResetCounters()
		reply(w, nil, nil)
	})
	mux.HandleFunc("GET /sim/mailbox/{address}", func(w http.ResponseWriter, r *http.Request) {
		reply(w, t.Mailbox(r.PathValue("address")), nil)
	})
	t.handleUserControls(mux)
	t.handleApplicationControls(mux)
	mux.HandleFunc("POST /sim/redeem", t.controlRedeem)
	mux.HandleFunc("POST /sim/redemptions", control(t.controlRedeemAll))
	mux.HandleFunc("POST /sim/population", control(t.controlPopulate))
	mux.HandleFunc("POST /sim/settings", control(func(s settings) (any, error) { return nil, t.apply(s) }))
	mux.HandleFunc("POST /sim/admin/groups", control(func(g Group) (any, error) { return withID(t.AddGroup(g)), nil }))
	mux.HandleFunc("POST /sim/admin/groups/{id}/members/{other}", onPair(t.AddMember))
	mux.HandleFunc("DELETE /sim/admin/groups/{id}/members/{other}", onPair(t.RemoveMember))
	mux.HandleFunc("POST /sim/admin/outage", control(func(o struct{ On bool }) (any, error) {
		t.Outage(o.On)
		return nil, nil
	}))
	mux.HandleFunc("POST /sim/admin/permissions", control(func(p struct{ Permissions []string }) (any, error) {
		t.SetPermissions(p.Permissions)
		return nil, nil
	}))
}

// handleUserControls serves what an administrator does to users.
func (t *Tenant) handleUserControls(mux *http.ServeMux) {
	type guest struct{ Address, DisplayName string }
	mux.HandleFunc("POST /sim/admin/users", control(func(u User) (any, error) { return withID(t.AddUser(u)), nil }))
	mux.HandleFunc("POST /sim/admin/guests", control(func(g guest) (any, error) { return withID(t.AddGuest(g.Address, g.DisplayName)), nil }))
	mux.HandleFunc("POST /sim/signups", control(func(g guest) (any, error) {
		id, err := t.SignUp(g.Address, g.DisplayName)
		return withID(id), err
	}))
	mux.HandleFunc("DELETE /sim/admin/users/{id}", onOne(t.DeleteUser))
	mux.HandleFunc("POST /sim/admin/users/{id}/restore", onOne(t.RestoreUser))
	mux.HandleFunc("POST /sim/admin/users/{id}/disable", onOne(t.DisableUser))
	mux.HandleFunc("POST /sim/admin/users/{id}/enable", onOne(t.EnableUser))
	mux.HandleFunc("PATCH /sim/admin/users/{id}", func(w http.ResponseWriter, r *http.Request) {
		control(func(properties map[string]json.RawMessage) (any, error) {
			return nil, t.PatchUser(r.PathValue("id"), properties)
		})(w, r)
	})
	mux.HandleFunc("POST /sim/admin/users/{id}/sponsors/{other}", onPair(t.AddSponsor))
	mux.HandleFunc("DELETE /sim/admin/users/{id}/sponsors/{other}", onPair(t.RemoveSponsor))
}

// handleApplicationControls serves what an administrator does to applications.
func (t *Tenant) handleApplicationControls(mux *http.ServeMux) {
	type assignment struct{ PrincipalID, Role string }
	mux.HandleFunc("POST /sim/admin/servicePrincipals", control(func(p ServicePrincipal) (any, error) {
		return withID(t.AddServicePrincipal(p)), nil
	}))
	mux.HandleFunc("DELETE /sim/admin/servicePrincipals/{id}", onOne(t.DeleteServicePrincipal))
	mux.HandleFunc("POST /sim/admin/servicePrincipals/{id}/assignments", func(w http.ResponseWriter, r *http.Request) {
		control(func(a assignment) (any, error) {
			id, err := t.AssignAppRole(r.PathValue("id"), a.PrincipalID, a.Role)
			return withID(id), err
		})(w, r)
	})
	mux.HandleFunc("DELETE /sim/admin/assignments/{id}", onOne(t.RemoveAssignment))
}

// onOne acts on the object that the path names.
func onOne(act func(id string) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { reply(w, nil, act(r.PathValue("id"))) }
}

// onPair acts on the object that the path names and another one.
func onPair(act func(id, other string) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		reply(w, nil, act(r.PathValue("id"), r.PathValue("other")))
	}
}

func withID(id string) any { return map[string]string{"id": id} }

// maxControl is the size of a control's body: the ids of 500,000 guests.
const maxControl = 32 << 20

func (t *Tenant) controlPopulate(p Population) (any, error) {
	ids, err := t.Populate(p)
	return map[string]int{"guests": len(ids)}, err
}

func (t *Tenant) controlRedeemAll(body struct{ Guests []string }) (any, error) {
	failed := map[string]string{}
	for name, err := range t.RedeemAll(body.Guests) {
		failed[name] = err.Error()
	}
	return map[string]any{"redeemed": len(body.Guests) - len(failed), "failed": failed}, nil
}

// control decodes a body, which may have no fields unknown to T, and answers what
// act returns.
func control[T any](act func(T) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var body T
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControl))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&body); err != nil {
			reply(w, nil, err)
			return
		}
		answer, err := act(body)
		reply(w, answer, err)
	}
}

func (t *Tenant) controlRedeem(w http.ResponseWriter, r *http.Request) {
	var body struct{ Address, Ticket string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&body); err != nil {
		reply(w, nil, err)
		return
	}
	redirect, err := t.Redeem(orElse(body.Ticket, body.Address))
	reply(w, map[string]string{"redirectUrl": redirect}, err)
}

// reply answers JSON: 204 for nothing, 409 for what cannot be redeemed, and 400.
func reply(w http.ResponseWriter, body any, err error) {
	status := http.StatusOK
	switch {
	case errors.Is(err, ErrNotRedeemable):
		status = http.StatusConflict
	case err != nil:
		status = http.StatusBadRequest
	case body == nil:
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if err != nil {
		body = map[string]string{"error": err.Error()}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that went away is no concern
}
