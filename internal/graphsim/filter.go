package graphsim

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// predicate is a parsed $filter, or a part of one.
type predicate interface {
	// test evaluates it in a scope.
	test(s scope) bool
	// each calls f for every comparison within, with the variables of lambdas
	// replaced by the collections they run over.
	each(bound map[string]string, negated bool, f func(comparison, bool))
}

type (
	andPredicate struct{ left, right predicate }
	orPredicate  struct{ left, right predicate }
	notPredicate struct{ inner predicate }
	// comparison is "path op literal", including in (several literals) and the
	// functions startswith and endswith.
	comparison struct {
		path   []string
		op     string
		values []any // string, bool, float64, time.Time or nil
		quoted bool  // a value stood in quotes
	}
	// anyPredicate is path/any(v:inner); a nil inner tests for elements.
	anyPredicate struct {
		path     []string
		variable string
		inner    predicate
	}
)

// maxFilterDepth bounds the nesting of a filter.
const maxFilterDepth = 50

type filterParser struct {
	source string
	tokens []filterToken
	depth  int
	quoted bool // a literal since this was last cleared
}

// parseFilter parses a $filter. Its errors are in the words of the service.
func parseFilter(source string) (predicate, error) {
	tokens, err := lexFilter(source)
	if err != nil {
		return nil, err
	}
	p := &filterParser{source: source, tokens: tokens}
	parsed, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.peek().kind != tokenEnd {
		return nil, p.unexpected()
	}
	return parsed, nil
}

func (p *filterParser) peek() filterToken { return p.tokens[0] }

func (p *filterParser) next() filterToken {
	token := p.tokens[0]
	if token.kind != tokenEnd {
		p.tokens = p.tokens[1:]
	}
	return token
}

func (p *filterParser) unexpected() error { return syntaxError(p.source, p.peek().at) }

func (p *filterParser) keyword(word string) bool {
	if token := p.peek(); token.kind == tokenWord && strings.EqualFold(token.text, word) {
		p.next()
		return true
	}
	return false
}

func (p *filterParser) punct(text string) bool {
	if token := p.peek(); token.kind == tokenPunct && token.text == text {
		p.next()
		return true
	}
	return false
}

func (p *filterParser) expect(texts ...string) error {
	for _, text := range texts {
		if !p.punct(text) {
			return p.unexpected()
		}
	}
	return nil
}

func (p *filterParser) or() (predicate, error) {
	if p.depth++; p.depth > maxFilterDepth {
		return nil, filterErrorf("The filter '%.40s...' is nested too deeply.", p.source)
	}
	defer func() { p.depth-- }()
	left, err := p.and()
	for err == nil && p.keyword("or") {
		var right predicate
		right, err = p.and()
		left = orPredicate{left, right}
	}
	return left, err
}

func (p *filterParser) and() (predicate, error) {
	left, err := p.unary()
	for err == nil && p.keyword("and") {
		var right predicate
		right, err = p.unary()
		left = andPredicate{left, right}
	}
	return left, err
}

func (p *filterParser) unary() (predicate, error) {
	negations := 0
	for p.keyword("not") {
		negations++
	}
	inner, err := p.primary()
	if err != nil || negations == 0 {
		return inner, err
	}
	if negations%2 == 0 {
		inner = notPredicate{inner}
	}
	return notPredicate{inner}, nil
}

func (p *filterParser) primary() (predicate, error) {
	if p.punct("(") {
		inner, err := p.or()
		if err != nil {
			return nil, err
		}
		return inner, p.expect(")")
	}
	token := p.peek()
	if token.kind == tokenWord && slices.Contains([]string{"startswith", "endswith"}, strings.ToLower(token.text)) {
		return p.function()
	}
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	if last := path[len(path)-1]; len(path) > 1 && strings.EqualFold(last, "any") && p.punct("(") {
		return p.any(path[:len(path)-1])
	}
	return p.comparison(path)
}

func (p *filterParser) path() ([]string, error) {
	var path []string
	for {
		token := p.peek()
		if token.kind != tokenWord || token.text[0] >= '0' && token.text[0] <= '9' {
			return nil, p.unexpected()
		}
		path = append(path, p.next().text)
		if !p.punct("/") {
			return path, nil
		}
	}
}

// function parses startswith(path,'x') and endswith(path,'x'), optionally "eq true".
func (p *filterParser) function() (predicate, error) {
	name := strings.ToLower(p.next().text)
	if err := p.expect("("); err != nil {
		return nil, err
	}
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	if err := p.expect(","); err != nil {
		return nil, err
	}
	value, err := p.literal()
	if err != nil {
		return nil, err
	}
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	var result predicate = comparison{path, name, []any{value}, true}
	if p.keyword("eq") {
		truth, err := p.literal()
		if err != nil {
			return nil, err
		}
		if truth == false {
			result = notPredicate{result}
		}
	}
	return result, nil
}

func (p *filterParser) any(path []string) (predicate, error) {
	if p.punct(")") {
		return anyPredicate{path: path}, nil
	}
	variable := p.next()
	if variable.kind != tokenWord {
		return nil, p.unexpected()
	}
	if err := p.expect(":"); err != nil {
		return nil, err
	}
	inner, err := p.or()
	if err != nil {
		return nil, err
	}
	return anyPredicate{path, variable.text, inner}, p.expect(")")
}

func (p *filterParser) comparison(path []string) (predicate, error) {
	op := strings.ToLower(p.next().text)
	p.quoted = false
	switch op {
	case "eq", "ne", "ge", "le", "gt", "lt":
		value, err := p.literal()
		return comparison{path, op, []any{value}, p.quoted}, err
	case "in":
		values, err := p.literals()
		return comparison{path, op, values, p.quoted}, err
	}
	return nil, p.unexpected()
}

func (p *filterParser) literals() ([]any, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var values []any
	for {
		value, err := p.literal()
		if err != nil {
			return nil, err
		}
		values = append(values, value)
		if !p.punct(",") {
			return values, p.expect(")")
		}
	}
}

// literal parses a string, true, false, null, a date, a number or a bare GUID.
func (p *filterParser) literal() (any, error) {
	token := p.peek()
	if token.kind != tokenString && token.kind != tokenWord {
		return nil, p.unexpected()
	}
	p.next()
	if token.kind == tokenString {
		p.quoted = true
		return token.text, nil
	}
	switch strings.ToLower(token.text) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	case "null":
		return nil, nil
	}
	if date, err := time.Parse(time.RFC3339, token.text); err == nil {
		return date, nil
	}
	if number, err := strconv.ParseFloat(token.text, 64); err == nil {
		return number, nil
	}
	if len(token.text) == 36 && strings.Count(token.text, "-") == 4 {
		return token.text, nil
	}
	return nil, syntaxError(p.source, token.at)
}
