package graphsim

import (
	"strings"
	"time"
)

// scope gives a filter the values of one object and of lambda variables.
type scope struct {
	property func(name string) any
	bound    map[string]any
}

func (s scope) value(path []string) any {
	value, isBound := s.bound[path[0]]
	if !isBound {
		value = s.property(path[0])
	}
	for _, name := range path[1:] {
		fields, _ := value.(map[string]any)
		value = fields[name]
	}
	return value
}

func (p andPredicate) test(s scope) bool { return p.left.test(s) && p.right.test(s) }
func (p orPredicate) test(s scope) bool  { return p.left.test(s) || p.right.test(s) }
func (p notPredicate) test(s scope) bool { return !p.inner.test(s) }

func (p anyPredicate) test(s scope) bool {
	for _, element := range elements(s.value(p.path)) {
		if p.inner == nil {
			return true
		}
		bound := map[string]any{p.variable: element}
		for name, value := range s.bound {
			if name != p.variable {
				bound[name] = value
			}
		}
		if p.inner.test(scope{s.property, bound}) {
			return true
		}
	}
	return false
}

func elements(collection any) []any {
	switch c := collection.(type) {
	case []any:
		return c
	case []string:
		values := make([]any, len(c))
		for i, v := range c {
			values[i] = v
		}
		return values
	}
	return nil
}

func (c comparison) test(s scope) bool {
	value := s.value(c.path)
	switch c.op {
	case "eq", "in":
		for _, want := range c.values {
			if equal(value, want) {
				return true
			}
		}
		return false
	case "ne":
		return !equal(value, c.values[0])
	case "startswith", "endswith":
		return affix(c.op, value, c.values[0])
	}
	order, comparable := compare(value, c.values[0])
	if !comparable {
		return false
	}
	switch c.op {
	case "ge":
		return order >= 0
	case "le":
		return order <= 0
	case "gt":
		return order > 0
	}
	return order < 0
}

func affix(op string, value, want any) bool {
	text, isText := value.(string)
	part, isPart := want.(string)
	if !isText || !isPart {
		return false
	}
	text, part = strings.ToLower(text), strings.ToLower(part)
	if op == "startswith" {
		return strings.HasPrefix(text, part)
	}
	return strings.HasSuffix(text, part)
}

// equal compares text without case, as the directory does.
func equal(value, want any) bool {
	if value == nil || want == nil {
		return value == nil && want == nil
	}
	order, comparable := compare(value, want)
	return comparable && order == 0
}

func compare(value, want any) (order int, comparable bool) {
	switch v := value.(type) {
	case string:
		w, ok := want.(string)
		return strings.Compare(strings.ToLower(v), strings.ToLower(w)), ok
	case bool:
		if v == want {
			return 0, true
		}
		_, ok := want.(bool)
		return -1, ok
	case time.Time:
		w, ok := want.(time.Time)
		return v.Compare(w), ok
	case float64:
		w, ok := want.(float64)
		return int(min(1, max(-1, v-w))), ok
	}
	return 0, false
}
