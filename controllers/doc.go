// Package controllers holds the reconcilers of every kind, three files for each: <kind>_controller.go says what wakes it and
// is its table of contents, <kind>_external.go observes and changes the directory, <kind>_status.go is the pure computation of
// what it reports. setup.go lists all of them.
package controllers
