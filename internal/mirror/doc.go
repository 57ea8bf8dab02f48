// Package mirror keeps an in-memory view of one tenant: its guests, and the members of the groups in use. It is to the
// directory what an informer's cache is to the API server: reconcilers read it and never poll, and its feed of changes wakes
// exactly the objects that a change concerns.
//
// Everything is listed once, and then only what has changed is asked for: one delta query a round for the users, and one for up to
// 50 groups, whatever the number of objects. Lists are the safety net behind that: see net.go. What this process wrote is laid over
// both, because a directory of many replicas shows a write only after a while: see replica.go.
//
// What the mirror says is absent may only raise suspicion: confirm it by a live read before acting on it.
package mirror
