package graphsim

import (
	"embed"
	"html/template"
	"net/http"
	"slices"
	"strings"
)

//go:embed pages
var pageFiles embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"lower": strings.ToLower,
}).ParseFS(pageFiles, "pages/*.html"))

// handlePages serves the tenant as a person sees it.
func (t *Tenant) handlePages(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { show(w, http.StatusOK, "tenant.html", t.overview()) })
	mux.HandleFunc("GET /mailbox", func(w http.ResponseWriter, r *http.Request) {
		show(w, http.StatusOK, "mailbox.html", t.mailboxPage(r.URL.Query().Get("address")))
	})
	mux.HandleFunc("GET /redeem", t.showConsent)
	mux.HandleFunc("POST /redeem", t.acceptConsent)
	mux.Handle("GET /pages/{file}", http.FileServerFS(pageFiles))
}

// frame is what every page shows around its content.
type frame struct {
	Organisation string
	Language     string
	Page         string
	Live         bool // refreshes itself
}

func (t *Tenant) frame(page string, live bool) frame {
	return frame{Organisation: t.options.DisplayName, Language: "en", Page: page, Live: live}
}

func show(w http.ResponseWriter, status int, name string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = pages.ExecuteTemplate(w, name, data) // the templates are tested; a client may go away
}

// maxShown bounds the rows of the page; a big tenant is not for looking at.
const maxShown = 200

type overviewPage struct {
	frame
	Users    []userRow
	Groups   []groupRow
	Apps     []appRow
	Hidden   int
	Pending  int
	Accepted int
	Mails    int
	Requests int
	Writes   int
}

type userRow struct {
	User
	State string
	Badge string
}

type groupRow struct {
	Group
	Kind    string
	Members []memberRow
}

type memberRow struct{ Name, Badge string }

type appRow struct {
	Name, Roles string
	Assigned    []memberRow
}

func (t *Tenant) overview() overviewPage {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.settle()
	page := overviewPage{
		frame: t.frame("tenant", true), Mails: len(t.mails),
		Requests: t.ledger.Requests, Writes: len(t.ledger.Writes),
	}
	all := slices.Concat(t.users.ordered.items, t.deleted.ordered.items)
	slices.SortFunc(all, func(a, b *user) int { return -int(int64(a.seq) - int64(b.seq)) })
	for i, u := range all {
		row := rowOf(u)
		switch row.State {
		case "Pending acceptance":
			page.Pending++
		case "Accepted":
			page.Accepted++
		}
		if i < maxShown {
			page.Users = append(page.Users, row)
		} else {
			page.Hidden++
		}
	}
	for i, g := range t.groups.items {
		if i < maxShown {
			page.Groups = append(page.Groups, t.groupRow(g))
		}
	}
	for i, p := range t.apps.principals.items {
		if i < maxShown {
			page.Apps = append(page.Apps, t.appRow(p))
		}
	}
	return page
}

func rowOf(u *user) userRow {
	row := userRow{User: u.snapshot(), State: "Employee", Badge: "plain"}
	switch {
	case u.deleted:
		row.State, row.Badge = "Deleted", "bad"
	case u.Disabled:
		row.State, row.Badge = "Disabled", "bad"
	case u.ExternalUserState == "PendingAcceptance":
		row.State, row.Badge = "Pending acceptance", "wait"
	case u.ExternalUserState == "Accepted":
		row.State, row.Badge = "Accepted", "good"
	case u.External():
		row.State = "Guest"
	}
	return row
}

func (t *Tenant) groupRow(g *group) groupRow {
	row := groupRow{Group: g.snapshot(), Kind: g.kind()}
	for _, id := range g.memberIDs() {
		if len(row.Members) == maxShown {
			break
		}
		switch o := t.object(id).(type) {
		case *user:
			row.Members = append(row.Members, memberRow{o.DisplayName, rowOf(o).Badge})
		case *group:
			row.Members = append(row.Members, memberRow{o.DisplayName, "plain"})
		}
	}
	return row
}

// appRow shows who is assigned, and in which role.
func (t *Tenant) appRow(p *servicePrincipal) appRow {
	roles := make([]string, 0, len(p.AppRoles))
	for _, role := range p.AppRoles {
		roles = append(roles, role.Value)
	}
	row := appRow{Name: p.DisplayName, Roles: orElse(strings.Join(roles, ", "), "no roles")}
	for _, a := range t.apps.of(p.ID, 0) {
		if !t.assigned(a) || len(row.Assigned) == maxShown {
			continue
		}
		shown := memberRow{a.principalName, "plain"}
		if role := p.role(a.AppRoleID); role != nil {
			shown.Name += " · " + role.Value
		}
		if u, isUser := t.principal(a.PrincipalID).(*user); isUser {
			shown.Badge = rowOf(u).Badge
		}
		row.Assigned = append(row.Assigned, shown)
	}
	return row
}

// kind names the group's kind as an administrator would.
func (g Group) kind() string {
	switch {
	case g.ManagementRestricted:
		return "Restricted management"
	case g.dynamic():
		return "Dynamic"
	case g.OnPremisesSyncEnabled:
		return "Synced"
	case g.AssignableToRole:
		return "Role-assignable"
	case g.unified():
		return "Microsoft 365"
	case g.MailEnabled && g.SecurityEnabled:
		return "Mail-enabled security"
	case g.MailEnabled:
		return "Distribution list"
	}
	return "Security"
}
