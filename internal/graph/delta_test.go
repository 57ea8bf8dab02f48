package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// usersIn is what a client makes of one page of a delta query.
func usersIn(t *testing.T, value string) (changes []directory.UserChange, err error) {
	client := clientOf(t, deltaPage(value, "/v1.0/users/delta?$deltatoken=next"))
	_, err = client.UserChanges(t.Context(), deltaLink(client), collect(&changes))
	return changes, err
}

func membersIn(t *testing.T, value string) (changes []directory.MemberChange, err error) {
	client := clientOf(t, deltaPage(value, "/v1.0/groups/delta?$deltatoken=next"))
	_, err = client.MemberChanges(t.Context(), deltaLink(client), collect(&changes))
	return changes, err
}

// deltaPage is the only page of a delta query, with a link to the server itself.
func deltaPage(value, next string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer(200, fmt.Sprintf(`{"value":%s,"@odata.deltaLink":"http://%s%s"}`, value, r.Host, next))(w, r)
	}
}

func TestChangesOfUsersAreReadAsTheyAreNow(t *testing.T) {
	g := NewWithT(t)
	changes, err := usersIn(t, `[
		{"id":"a","userPrincipalName":"a#EXT#@x","userType":"Guest","externalUserState":"Accepted","accountEnabled":false},
		{"id":"b","userType":"Guest"},
		{"id":"c","@removed":{"reason":"changed"}},
		{"id":"d","@removed":{"reason":"deleted"},"displayName":"D"}]`)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(changes).To(Equal([]directory.UserChange{
		{User: directory.User{ID: "a", UserPrincipalName: "a#EXT#@x", UserType: "Guest", ExternalUserState: "Accepted"}},
		{User: directory.User{ID: "b", UserType: "Guest", AccountEnabled: true}},
		{User: directory.User{ID: "c"}, Removed: true},
		{User: directory.User{ID: "d"}, Removed: true},
	}), "nobody is taken for blocked whom the answer does not call so")
}

func TestChangesOfMembersAreReadGroupByGroup(t *testing.T) {
	g := NewWithT(t)
	changes, err := membersIn(t, `[
		{"id":"g1","members@delta":[{"@odata.type":"#microsoft.graph.user","id":"a"},{"@odata.type":"#microsoft.graph.device","id":"x"}]},
		{"id":"g2"},
		{"id":"g3","members@delta":null},
		{"id":"g1","members@delta":[{"@odata.type":"#microsoft.graph.user","id":"b","@removed":{"reason":"deleted"}}]},
		{"id":"g4","@removed":{"reason":"changed"}}]`)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(changes).To(Equal([]directory.MemberChange{
		{GroupID: "g1", UserID: "a"}, {GroupID: "g1", UserID: "b", Removed: true}, {GroupID: "g4", Removed: true},
	}))
}

func TestChangesThatMakeNoSenseAreErrors(t *testing.T) {
	for _, value := range []string{`null`, `{}`, `[null]`, `[{}]`, `[{"id":""}]`} {
		g := NewWithT(t)
		_, err := usersIn(t, value)
		g.Expect(directory.Is(err, directory.Unavailable)).To(BeTrue(), value)
		_, err = membersIn(t, value)
		g.Expect(directory.Is(err, directory.Unavailable)).To(BeTrue(), value)
	}
	for _, members := range []string{`7`, `{}`, `"x"`, `[null]`, `[7]`, `[{}]`, `[{"id":7,"@odata.type":"#microsoft.graph.user"}]`} {
		g := NewWithT(t)
		_, err := membersIn(t, `[{"id":"g","members@delta":`+members+`}]`)
		g.Expect(directory.Is(err, directory.Unavailable)).To(BeTrue(), members)
	}
}

func TestALinkThatIsOfNoUseAnyMoreAsksForAResync(t *testing.T) {
	for _, tt := range []struct {
		status int
		code   string
		resync bool
	}{
		{410, "SyncStateNotFound", true},
		{410, "", true},
		{400, "syncStateNotFound", true},
		{400, "SyncStateNotFound", true},
		{404, "resyncRequired", true},
		{409, "ResyncRequired", true},
		{400, "Request_BadRequest", false},
		{404, "Request_ResourceNotFound", false},
		{500, "resyncRequired", false},
	} {
		t.Run(fmt.Sprintf("%d %s", tt.status, tt.code), func(t *testing.T) {
			client := clientOf(t, refusing(tt.status, tt.code, "Some words."))
			for op, err := range everything(context.Background(), client) {
				g := NewWithT(t)
				follows := op == userChanges || op == memberChanges
				g.Expect(directory.HasDetail(err, directory.ResyncRequired)).To(Equal(tt.resync && follows), "%s: %v", op, err)
				g.Expect(!follows || !tt.resync || directory.Is(err, directory.Invalid)).To(BeTrue(), "%s", op)
			}
		})
	}
}

func TestADeltaLinkToAnotherHostIsNeitherKeptNorFollowed(t *testing.T) {
	canary := newCanary(t)
	for name, link := range map[string]string{
		"other host":     canary.url("/v1.0/users/delta?$deltatoken=secret"),
		"userinfo":       strings.Replace(canary.url("/?$deltatoken=secret"), "http://", "http://graph.microsoft.com@", 1),
		"other scheme":   strings.Replace(canary.url("/?$deltatoken=secret"), "http://", "https://", 1),
		"no scheme":      "//" + canary.listener.Addr().String() + "/?$deltatoken=secret",
		"not even a URL": "://secret",
		"none":           "",
	} {
		t.Run(name, func(t *testing.T) {
			g, ctx := NewWithT(t), context.Background()
			seen := &counting{Handler: answer(200, `{"value":[],"@odata.deltaLink":"`+link+`"}`)}
			client := clientOf(t, seen)
			refused := func(kept directory.DeltaLink, err error) {
				g.Expect(directory.Is(err, directory.Unavailable)).To(BeTrue(), "%v", err)
				g.Expect(kept).To(BeEmpty())
				g.Expect(err.Error()).NotTo(ContainSubstring("secret"))
			}
			refused(client.LatestUsers(ctx))
			refused(client.LatestMembers(ctx, []string{groupID}))
			refused(client.UserChanges(ctx, deltaLink(client), ignore[directory.UserChange]))
			refused(client.MemberChanges(ctx, deltaLink(client), ignore[directory.MemberChange]))
			g.Expect(seen.count()).To(Equal(4))
			refused(client.UserChanges(ctx, directory.DeltaLink(link), ignore[directory.UserChange]))
			refused(client.MemberChanges(ctx, directory.DeltaLink(link), ignore[directory.MemberChange]))
			g.Expect(seen.count()).To(Equal(4))
			g.Expect(canary.connections()).To(BeZero())
		})
	}
}

func TestADeltaQueryIsBoundedAsAListingIs(t *testing.T) {
	g := NewWithT(t)
	client := clientOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer(200, `{"value":[],"@odata.nextLink":"http://`+r.Host+`/v1.0/users/delta?$skiptoken=same"}`)(w, r)
	}))
	_, err := client.LatestUsers(t.Context())
	g.Expect(err).To(MatchError(ContainSubstring("followed before")))
}

func TestADeltaQueryBeginsNowAndAsksForWhatTheMirrorReads(t *testing.T) {
	g := NewWithT(t)
	var asked []string
	page := deltaPage(`[]`, "/v1.0/users/delta?$deltatoken=next")
	client := clientOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		asked = append(asked, fmt.Sprint(r.URL.Path, query["$deltatoken"], query["$select"], query["$filter"]))
		page(w, r)
	}))
	link, err := client.LatestUsers(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(link)).To(HaveSuffix("$deltatoken=next"))
	_, err = client.LatestMembers(t.Context(), []string{groupID, userID})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(asked).To(Equal([]string{
		"/v1.0/users/delta()[latest] [" + strings.Join(userProperties, ",") + "] []",
		"/v1.0/groups/delta()[latest] [members] [id eq '" + groupID + "' or id eq '" + userID + "']",
	}))
}

func TestAQueryForMembersIsAboutOneToFiftyGroups(t *testing.T) {
	g := NewWithT(t)
	seen := &counting{Handler: answer(200, `{}`)}
	client := clientOf(t, seen)
	tooMany := make([]string, directory.MaxGroupsPerDelta+1)
	for i := range tooMany {
		tooMany[i] = groupID
	}
	for _, ids := range [][]string{nil, tooMany, {groupID, "x' or id ne 'y"}} {
		_, err := client.LatestMembers(t.Context(), ids)
		g.Expect(directory.Is(err, directory.Invalid)).To(BeTrue())
	}
	g.Expect(seen.count()).To(BeZero())
}

func TestAChangeThatIsRefusedByTheReaderEndsTheQuery(t *testing.T) {
	g := NewWithT(t)
	client := clientOf(t, deltaPage(`[{"id":"a"}]`, "/next"))
	full := errors.New("full")
	link, err := client.UserChanges(t.Context(), deltaLink(client), func([]directory.UserChange) error { return full })
	g.Expect(err).To(MatchError(full))
	g.Expect(link).To(BeEmpty())
}
