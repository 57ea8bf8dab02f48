// Package graph implements the interfaces of package directory over Microsoft Graph v1.0, with Microsoft's Go SDK.
//
// The SDK builds the requests and reads the models. Everything that decides whether, where and how often a request is sent is
// this package's own, in one ordered list of middlewares (middleware.go): it pins the host, signs, keeps the throttle gate,
// sends once, and turns every refusal into a *directory.Error before the SDK sees it. Nothing here repeats a request, but for
// one that was answered by 401 with a claims challenge, which was not carried out.
package graph
