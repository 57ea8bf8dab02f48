// Package lifecycle is the loop that every kind with an external side runs through: observe, decide, announce, act, report.
//
// It keeps one promise for all of them: nothing is written outside before the announcement of it is stored in Kubernetes, and
// nothing is written outside while the object is suspended. It knows nothing of what is outside.
package lifecycle
