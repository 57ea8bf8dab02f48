// Package policy decides what the GuestPolicies of a tenant allow a namespace to ask for. Its decisions are pure: they rest on
// the objects given and on nothing else, and equal objects give equal words.
//
// A request is allowed when one policy that selects the namespace allows all of it; what two policies allow half each is not
// allowed. What a policy denies is taken from its own grant only.
package policy
