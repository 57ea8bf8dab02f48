package graphsim

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// resource describes one Graph type: what it can be asked for, filtered by, and
// what a client may write.
type resource struct {
	name      string // as in microsoft.graph.user
	set       string // as in /users
	defaults  []string
	byName    map[string]*property
	elsewhere map[string]bool // properties that the service keeps outside the directory
	links     []string        // navigation properties
}

// property is one property of a resource.
type property struct {
	name string
	// value is a string, bool, time.Time, list or map; nil is null.
	value func(object) any
	// set is nil for a read-only property.
	set func(object, json.RawMessage) error
	// plain and advanced are the filter operators the property supports, the
	// latter only in an advanced query.
	plain, advanced []string
	// guid properties are compared with literals without quotes.
	guid bool
}

func newResource(name, set string, defaults []string, properties ...*property) *resource {
	r := &resource{name: name, set: set, defaults: defaults, byName: map[string]*property{}}
	for _, p := range properties {
		r.byName[p.name] = p
	}
	return r
}

func (r *resource) odataType() string { return "#microsoft.graph." + r.name }

// filters names the operators by which the property can be filtered.
func (p *property) filters(plain, advanced string) *property {
	p.plain, p.advanced = strings.Fields(plain), strings.Fields(advanced)
	return p
}

// readOnly forbids writing the property.
func (p *property) readOnly() *property {
	p.set = nil
	return p
}

// checked lets a text be set to what valid accepts, and to null.
func (p *property) checked(valid func(string) bool) *property {
	set := p.set
	p.set = func(o object, raw json.RawMessage) error {
		var value *string
		if err := json.Unmarshal(raw, &value); err != nil {
			return err
		}
		if value != nil && !valid(*value) {
			return errors.New("is not a value of the property")
		}
		return set(o, raw)
	}
	return p
}

// atMost bounds the length of a text.
func (p *property) atMost(characters int) *property {
	return p.checked(func(value string) bool { return utf8.RuneCountInString(value) <= characters })
}

// kept forbids clearing the property.
func (p *property) kept() *property {
	set := p.set
	p.set = func(o object, raw json.RawMessage) error {
		if string(raw) == "null" {
			return errors.New("must not be null")
		}
		return set(o, raw)
	}
	return p
}

func text(name string, field func(object) *string) *property {
	return &property{
		name: name,
		value: func(o object) any {
			if v := *field(o); v != "" {
				return v
			}
			return nil
		},
		set: func(o object, raw json.RawMessage) error { return decodeNullable(raw, field(o)) },
	}
}

func flag(name string, field func(object) *bool) *property {
	return &property{
		name:  name,
		value: func(o object) any { return *field(o) },
		set:   func(o object, raw json.RawMessage) error { return decodeFlag(raw, field(o)) },
	}
}

// optionalFlag is a flag that Graph shows as null rather than false.
func optionalFlag(name string, field func(object) *bool) *property {
	p := flag(name, field)
	p.value = func(o object) any {
		if *field(o) {
			return true
		}
		return nil
	}
	return p
}

func list(name string, field func(object) *[]string) *property {
	return &property{
		name: name,
		value: func(o object) any {
			if v := *field(o); v != nil {
				return v
			}
			return []string{}
		},
		set: func(o object, raw json.RawMessage) error {
			var values []string // a new slice: answers may still hold the old one
			if err := json.Unmarshal(raw, &values); err != nil {
				return err
			}
			*field(o) = values
			return nil
		},
	}
}

func moment(name string, field func(object) *time.Time) *property {
	return &property{name: name, value: func(o object) any {
		if v := *field(o); !v.IsZero() {
			return v
		}
		return nil
	}}
}

// always is a read-only property that has one value for every object.
func always(name string, value any) *property {
	return &property{name: name, value: func(object) any { return value }}
}

// decodeFlag refuses null, which the directory does not hold for flags.
func decodeFlag(raw json.RawMessage, into *bool) error {
	var value *bool
	if err := json.Unmarshal(raw, &value); err != nil {
		return err
	}
	if value == nil {
		return errors.New("must not be null")
	}
	*into = *value
	return nil
}

func decodeNullable(raw json.RawMessage, into *string) error {
	var value *string
	if err := json.Unmarshal(raw, &value); err != nil {
		return err
	}
	*into = ""
	if value != nil {
		*into = *value
	}
	return nil
}

// render is the value of a property as JSON shows it.
func render(value any) any {
	if t, isTime := value.(time.Time); isTime {
		return t.UTC().Format(time.RFC3339)
	}
	return value
}

// apply writes the properties of a request body, all or none on error: the caller
// passes a copy. Annotations are the caller's business and skipped.
func (r *resource) apply(o object, body map[string]json.RawMessage) *apiError {
	for _, name := range slices.Sorted(maps.Keys(body)) {
		if strings.Contains(name, "@") {
			continue
		}
		raw := body[name]
		p, known := r.byName[name]
		switch {
		case !known:
			return badRequest("Property '%s' does not exist as a declared property or extension property.", name)
		case p.set == nil:
			return badRequest("Property '%s' is read-only and cannot be set.", name)
		}
		if err := p.set(o, raw); err != nil {
			return badRequest("Invalid value specified for property '%s' of resource '%s'.", name, strings.ToUpper(r.name[:1])+r.name[1:])
		}
	}
	return nil
}

// find looks a property up by its Graph name; a schema extension counts.
func (t *Tenant) property(r *resource, name string) (*property, bool) {
	if p, known := r.byName[name]; known {
		return p, true
	}
	if r == userResource && t.extensions[name] {
		return other(name), true
	}
	return nil, false
}

func (r *resource) linksTo(name string) bool { return slices.Contains(r.links, name) }
