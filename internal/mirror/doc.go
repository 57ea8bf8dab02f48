// Package mirror keeps an in-memory view of one tenant: its guests, and the members of the groups in use. It is to the
// directory what an informer's cache is to the API server: reconcilers read it and never poll, and its feed of changes wakes
// exactly the objects that a change concerns.
//
// This is the half of it that lists: one listing per collection and interval, whatever the number of objects. What this
// process wrote is laid over the listings, because a directory of many replicas shows a write only after a while.
//
// What the mirror says is absent may only raise suspicion: confirm it by a live read before acting on it.
package mirror
