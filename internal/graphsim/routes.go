package graphsim

import (
	"net/http"
	"slices"
)

// Application permissions by what they allow; of each list one suffices.
var (
	readUsers      = []string{"User.Read.All", "User.ReadBasic.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	writeUsers     = []string{"User.ReadWrite.All", "Directory.ReadWrite.All"}
	deleteUsers    = []string{"User.DeleteRestore.All", "User.ReadWrite.All"}
	updateUsers    = append([]string{"User.EnableDisableAccount.All", "User-Mail.ReadWrite.All", "User.ManageIdentities.All"}, writeUsers...)
	readSponsors   = []string{"User.Read.All", "User.ReadWrite.All"}
	readGroups     = []string{"GroupMember.Read.All", "GroupMember.ReadWrite.All", "Group.ReadBasic.All", "Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	readMembers    = append([]string{"GroupMember.ReadBasic.All"}, readGroups...)
	writeGroups    = []string{"Group.ReadWrite.All", "Directory.ReadWrite.All"}
	createGroups   = append([]string{"Group.Create"}, writeGroups...)
	writeMembers   = append([]string{"GroupMember.ReadWrite.All"}, writeGroups...)
	readDeleted    = append(append([]string{"User.DeleteRestore.All"}, readUsers...), "Group.Read.All", "Group.ReadWrite.All")
	changeDeleted  = append([]string{"Group.ReadWrite.All"}, deleteUsers...)
	checkMembers   = append([]string{"User.Read.All", "User.ReadWrite.All"}, readMembers...)
	invite         = []string{"User.Invite.All", "User.ReadWrite.All", "Directory.ReadWrite.All"}
	readOrg        = []string{"Organization.Read.All", "Organization.ReadWrite.All", "User.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	readPolicy     = []string{"Policy.Read.All", "Policy.ReadWrite.Authorization"}
	writePolicy    = []string{"Policy.ReadWrite.Authorization"}
	readDirectory  = []string{"Directory.Read.All", "Directory.ReadWrite.All", "User.Read.All", "User.ReadWrite.All"}
	revokeSessions = []string{"User.RevokeSessions.All", "User.ReadWrite.All", "Directory.ReadWrite.All"}
)

// everyPermission is what a token's roles name when everything is granted.
func everyPermission() []string {
	all := []string{manageRoles, "AuditLog.Read.All"}
	for _, r := range graphRoutes().routes {
		all = append(append(all, r.anyOf...), r.also...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

const (
	invitationsPath = "/invitations"
	batchPath       = "/$batch"
)

func graphRoutes() *router {
	t := &router{}
	t.add(http.MethodPost, invitationsPath, postInvitation, invite...)
	userRoutes(t)
	deletedRoutes(t)
	groupRoutes(t)
	applicationRoutes(t)
	t.add(http.MethodPost, "/directoryObjects/getByIds", getByIDs, readDirectory...).reads(5)
	t.add(http.MethodGet, "/organization", listOrganization, readOrg...)
	t.add(http.MethodGet, "/policies/authorizationPolicy", getAuthorizationPolicy, readPolicy...)
	t.add(http.MethodPatch, "/policies/authorizationPolicy", patchAuthorizationPolicy, writePolicy...)
	t.add(http.MethodPost, batchPath, nil).batch = true
	return t
}

func userRoutes(t *router) {
	t.add(http.MethodGet, "/users", listUsers, readUsers...).reads(2)
	t.add(http.MethodGet, "/users/$count", countUsers, readUsers...)
	t.add(http.MethodGet, "/users/delta", deltaOf(userDelta), readUsers...)
	t.add(http.MethodGet, "/users/{id}", getUser, readUsers...)
	t.add(http.MethodPatch, "/users/{id}", patchUser, updateUsers...)
	t.add(http.MethodDelete, "/users/{id}", deleteUser, deleteUsers...)
	t.add(http.MethodGet, "/users/{id}/manager", getManager, readUsers...)
	t.add(http.MethodPut, "/users/{id}/manager/$ref", putManager, writeUsers...)
	t.add(http.MethodDelete, "/users/{id}/manager/$ref", deleteManager, writeUsers...)
	t.add(http.MethodGet, "/users/{id}/sponsors", listSponsors, readSponsors...)
	t.add(http.MethodPost, "/users/{id}/sponsors/$ref", postSponsor, writeUsers...)
	t.add(http.MethodDelete, "/users/{id}/sponsors/{sponsorId}/$ref", deleteSponsor, writeUsers...)
	t.add(http.MethodPost, "/users/{id}/revokeSignInSessions", revokeSignInSessions, revokeSessions...)
	for _, relation := range []string{"memberOf", "transitiveMemberOf"} {
		list := listMemberOf(relation)
		t.add(http.MethodGet, "/users/{id}/"+relation, list, checkMembers...).reads(2)
		t.add(http.MethodGet, "/users/{id}/"+relation+"/microsoft.graph.group", list, checkMembers...).reads(2)
	}
	for _, set := range []string{"users", "groups", "directoryObjects"} {
		t.add(http.MethodPost, "/"+set+"/{id}/checkMemberGroups", checkMembership("groupIds"), checkMembers...).reads(4)
		t.add(http.MethodPost, "/"+set+"/{id}/checkMemberObjects", checkMembership("ids"), checkMembers...).reads(4)
		t.add(http.MethodPost, "/"+set+"/{id}/getMemberGroups", getMembership, checkMembers...).reads(2)
		t.add(http.MethodPost, "/"+set+"/{id}/getMemberObjects", getMembership, checkMembers...).reads(2)
	}
}

func deletedRoutes(t *router) {
	for _, name := range []string{"user", "group"} {
		list := listDeleted(name)
		t.add(http.MethodGet, "/directory/deletedItems/microsoft.graph."+name, list, readDeleted...)
		t.add(http.MethodGet, "/directory/deletedItems/{id}/microsoft.graph."+name, getDeleted(name), readDeleted...)
	}
	t.add(http.MethodGet, "/directory/deletedItems/{id}", getDeleted(""), readDeleted...)
	t.add(http.MethodPost, "/directory/deletedItems/{id}/restore", restoreDeleted, changeDeleted...)
	t.add(http.MethodDelete, "/directory/deletedItems/{id}", purgeDeleted, changeDeleted...)
}

func groupRoutes(t *router) {
	t.add(http.MethodGet, "/groups", listGroups, readGroups...)
	t.add(http.MethodPost, "/groups", postGroup, createGroups...)
	t.add(http.MethodGet, "/groups/$count", countGroups, readGroups...)
	t.add(http.MethodGet, "/groups/delta", deltaOf(groupDelta), readGroups...)
	t.add(http.MethodGet, "/groups/{id}", getGroup, readGroups...)
	t.add(http.MethodPatch, "/groups/{id}", patchGroup, writeMembers...)
	t.add(http.MethodDelete, "/groups/{id}", deleteGroup, writeGroups...)
	for relation, units := range map[string]int{"members": 3, "transitiveMembers": 5, "owners": 1} {
		list := listRelated(relation)
		t.add(http.MethodGet, "/groups/{id}/"+relation, list, readMembers...).reads(units)
		t.add(http.MethodGet, "/groups/{id}/"+relation+"/microsoft.graph.user", list, readMembers...).reads(units)
		t.add(http.MethodGet, "/groups/{id}/"+relation+"/microsoft.graph.group", list, readMembers...).reads(units)
		t.add(http.MethodGet, "/groups/{id}/"+relation+"/$count", countRelated(relation), readMembers...)
	}
	t.add(http.MethodPost, "/groups/{id}/members", postMembersWithoutRef, writeMembers...)
	t.add(http.MethodPatch, "/groups/{id}/members/$ref", patchMembersRef, writeMembers...)
	t.add(http.MethodPost, "/groups/{id}/members/$ref", postMember, writeMembers...)
	t.add(http.MethodDelete, "/groups/{id}/members/$ref", deleteMemberByURL, writeMembers...)
	t.add(http.MethodDelete, "/groups/{id}/members/{memberId}/$ref", deleteMember, writeMembers...)
	t.add(http.MethodDelete, "/groups/{id}/members/{memberId}", deleteMemberObject)
}
