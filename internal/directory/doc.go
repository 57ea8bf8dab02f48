// Package directory is the domain: a Microsoft Entra tenant as this operator needs to see it, in Microsoft Graph's own words.
//
// It knows neither Kubernetes nor the Graph SDK. Package graph implements its interfaces over HTTP, package mirror keeps an
// in-memory view of what they list, and the controllers use both through the small interfaces declared in interfaces.go.
package directory
