// Package graphsim is a simulated Microsoft Entra tenant behind the HTTP API of
// Microsoft Graph v1.0. It is a directory that behaves, not a mock: invitations,
// users, groups, soft deletion, replication lag and refusals follow the service,
// so that any Graph client works against it, and a [Ledger] records what really
// happened, whatever a client believes.
//
// # What it serves
//
//	/v1.0/...                                   Microsoft Graph
//	/{tenant}/oauth2/v2.0/token                 client secret and client assertion grants
//	/{tenant}/v2.0/.well-known/openid-configuration
//	/common/discovery/instance
//	/                                           the tenant as a web page
//	/mailbox, /redeem                           the guests' mail, and redemption
//	/sim/...                                    the simulator's own controls (below)
//
// # Controls for other processes
//
// Whatever is done through /sim is done by an administrator or by the guest, is
// marked so in the ledger, and never counts as a call or a write of the API.
//
//	GET    /sim/ledger                          the Ledger as JSON
//	GET    /sim/ledger/summary                  its totals, see Summary
//	POST   /sim/ledger/reset                    see Tenant.ResetCounters
//	GET    /sim/mailbox/{address}               the mails of one address
//	POST   /sim/redeem {"address"|"ticket"}     the guest accepts
//	POST   /sim/redemptions {"guests": [...]}   many do, by address or id
//	POST   /sim/population                      many guests at once, see Population
//	POST   /sim/settings                        {"latency": "100ms", "quota": "none|S|M|L",
//	                                            "invitationsOutsideWriteQuota": bool, "silentDelta": bool,
//	                                            "entitlementGrantWording": bool, "defaultAccessAlways": bool,
//	                                            "memberAsGuest": bool}, see Behaviour
//	POST   /sim/signups {"address"}             a guest comes by self-service sign-up
//	POST   /sim/admin/users                     a User
//	POST   /sim/admin/guests {"address"}        a guest who accepted long ago
//	POST   /sim/admin/groups                    a Group
//	PATCH  /sim/admin/users/{id}                properties by their Graph names
//	DELETE /sim/admin/users/{id}
//	POST   /sim/admin/users/{id}/restore
//	POST   /sim/admin/users/{id}/disable
//	POST   /sim/admin/users/{id}/enable
//	POST   /sim/admin/users/{id}/sponsors/{id}
//	DELETE /sim/admin/users/{id}/sponsors/{id}
//	POST   /sim/admin/groups/{id}/members/{id}
//	DELETE /sim/admin/groups/{id}/members/{id}
//	POST   /sim/admin/servicePrincipals         a ServicePrincipal
//	DELETE /sim/admin/servicePrincipals/{id}
//	POST   /sim/admin/servicePrincipals/{id}/assignments
//	                                            {"principalId", "role"}: a role by value or id, or none
//	DELETE /sim/admin/assignments/{id}
//	POST   /sim/admin/outage {"on": bool}
//	POST   /sim/admin/permissions {"permissions": [...]|null}
//
// The page and /sim have no authentication: serve the simulator on loopback only.
//
// # Delta queries
//
// GET /users/delta and /groups/delta give all objects in pages, or none with
// $deltatoken=latest, and from then on what has changed: removed objects, restored
// ones, the members of groups. An answer shows an object as it is by then. Tokens
// live seven days by the tenant's clock, and as long is what has changed remembered;
// a query with nothing new costs nothing. [Behaviour] makes delta queries silent
// about externalUserState, late, repetitive, name another host in their links, or
// refuse old tokens in other words. A user's manager cannot be followed.
//
// # Applications
//
// Service principals are read, and users and groups are assigned their app roles, from
// either side. A principal that has not replicated is refused as one that does not
// exist is. [Tenant.AddServicePrincipal] brings applications in; the API makes none.
//
// # Batches and quotas
//
// POST /v1.0/$batch passes every item through the chain of a call of its own:
// permissions, faults, hooks, lag, quota and ledger. Latency is met once. [Quota]
// holds calls to the published limits, by the tenant's clock; it is off until set.
package graphsim
