package graphsim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// wantConforming is how many documented examples pass. It may only rise.
const wantConforming = 71

// slips are examples that are wrong, with what is wrong about them. An entry with a
// property excuses its absence only, one with a status takes the place of that; one
// without either excuses the whole example.
var slips = map[string]slip{
	"user-list-05.json":                    {reason: "$orderbydisplayName lacks its equals sign"},
	"error-delta-gone.json":                {reason: "its message is that of a mailbox's delta query"},
	"directoryobject-getbyids-01.json":     {properties: []string{"accountEnabled"}, reason: "shown, though returned on $select only"},
	"user-post-approleassignments-01.json": {status: 201, reason: "shows 200 and a context of the beta, the service creates"},
	"serviceprincipal-get-01.json":         {properties: []string{"endpoints", "publisherName"}, reason: "not in the v1.0 metadata"},
	"group-get-01.json":                    {properties: []string{"@odata.id", "creationOptions"}, reason: "not in the v1.0 metadata"},
	"group-list-01.json":                   {properties: []string{"creationOptions"}, reason: "not in the v1.0 metadata"},
	"group-post-groups-01.json":            {properties: []string{"creationOptions"}, reason: "not in the v1.0 metadata"},
	"group-post-groups-03.json":            {properties: []string{"@odata.id", "creationOptions", "createdByAppId", "writebackConfiguration"}, reason: "not in the v1.0 metadata"},
}

type slip struct {
	properties []string
	status     int // that is meant instead of the one shown
	reason     string
}

type example struct {
	file    string
	Request struct {
		Method, URL string
		Headers     map[string]string
		Body        json.RawMessage
	}
	Response struct {
		Status int
		Body   map[string]any
	}
}

func graphData(t *testing.T) string {
	dir, err := filepath.Abs("../../../shared/reference/graph-data")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no documented examples to hold the tenant against: %v", err)
	}
	return dir
}

func loadExamples(t *testing.T, dir string) []example {
	var entries []struct{ File string }
	readJSON(t, filepath.Join(dir, "examples-index.json"), &entries)
	var examples []example
	for _, entry := range entries {
		e := example{file: filepath.Base(entry.File)}
		readJSON(t, filepath.Join(dir, entry.File), &e)
		examples = append(examples, e)
	}
	return examples
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		t.Fatalf("reading %s: %v", path, err)
	}
}

func TestDocumentedExamplesOfSupportedPathsAreAnsweredAsDocumented(t *testing.T) {
	dir := graphData(t)
	schemas := loadSchemas(t, filepath.Join(dir, "openapi-subset.json"))
	var passed, excused, unsupported []string
	for _, e := range loadExamples(t, dir) {
		problems, supported := e.replay(t, schemas)
		excuse, isSlip := slips[e.file]
		switch {
		case !supported:
			unsupported = append(unsupported, e.file)
		case len(problems) == 0:
			passed = append(passed, e.file)
		case isSlip && excuse.properties == nil && excuse.status == 0:
			excused = append(excused, e.file+" ("+excuse.reason+")")
		default:
			t.Errorf("%s: %s", e.file, strings.Join(problems, "; "))
		}
	}
	t.Logf("%d examples of supported paths pass, %d are excused: %s", len(passed), len(excused), strings.Join(excused, ", "))
	t.Logf("%d examples concern paths that are not supported: %s", len(unsupported), strings.Join(unsupported, ", "))
	if len(passed) < wantConforming {
		t.Errorf("%d examples pass, want at least %d", len(passed), wantConforming)
	}
}

// placeholder stands for every {id} of the documentation's URLs.
const placeholder = "00000000-0000-0000-0000-00000000aaaa"

var placeholders = regexp.MustCompile(`\{[A-Za-z-]+\}`)

// replay sends the example to a tenant that holds what it presupposes.
func (e example) replay(t *testing.T, schemas schemaSet) (problems []string, supported bool) {
	if !strings.HasPrefix(e.Request.URL, "/v1.0/") {
		return nil, false
	}
	tenant := graphsim.New(graphsim.Options{AcceptAnyToken: true, Seed: 1})
	arrange(tenant, e)
	e.trimBatch(t)
	server := httptest.NewServer(tenant.Handler())
	defer server.Close()

	target := strings.NewReplacer(" ", "%20", `"`, "%22").Replace(placeholders.ReplaceAllString(e.Request.URL, placeholder))
	target = e.named(tenant, target)
	body := placeholders.ReplaceAllString(string(e.Request.Body), placeholder)
	request, err := http.NewRequest(e.Request.Method, server.URL+target, strings.NewReader(body))
	if err != nil {
		t.Fatalf("%s: %v", e.file, err)
	}
	for name, value := range e.Request.Headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("Authorization", "Bearer any")
	if len(e.Request.Body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("%s: %v", e.file, err)
	}
	defer response.Body.Close()
	var raw bytes.Buffer
	if _, err := raw.ReadFrom(response.Body); err != nil {
		t.Fatalf("%s: %v", e.file, err)
	}
	if len(tenant.Ledger().UnknownPaths) > 0 || response.StatusCode == http.StatusMethodNotAllowed {
		return nil, false
	}
	return e.judge(response.StatusCode, raw.Bytes(), schemas), true
}

// outOfScope are the paths of batch items that no tenant of this kind serves.
var outOfScope = regexp.MustCompile("^/me/|/getPasswordSingleSignOnCredentials$")

// trimBatch takes the items that are out of scope out of a batch and its answer.
func (e *example) trimBatch(t *testing.T) {
	if !strings.HasSuffix(e.Request.URL, "/$batch") {
		return
	}
	var body struct {
		Requests []map[string]any `json:"requests"`
	}
	if err := json.Unmarshal(e.Request.Body, &body); err != nil {
		t.Fatalf("%s: %v", e.file, err)
	}
	dropped := map[any]bool{}
	body.Requests = slices.DeleteFunc(body.Requests, func(item map[string]any) bool {
		dropped[item["id"]] = outOfScope.MatchString(item["url"].(string))
		return dropped[item["id"]]
	})
	e.Request.Body, _ = json.Marshal(body) // was read from JSON
	e.Response.Body["responses"] = slices.DeleteFunc(e.Response.Body["responses"].([]any), func(item any) bool {
		return dropped[item.(map[string]any)["id"]]
	})
}

// judgeBatch holds the answer of each item against the documented one of its id.
func (e example) judgeBatch(got map[string]any, schemas schemaSet) (problems []string) {
	answers := map[any]map[string]any{}
	for _, answer := range got["responses"].([]any) {
		answers[answer.(map[string]any)["id"]] = answer.(map[string]any)
	}
	for _, item := range e.Response.Body["responses"].([]any) {
		want := item.(map[string]any)
		answer := answers[want["id"]]
		if answer == nil || answer["status"] != want["status"] {
			return append(problems, fmt.Sprintf("item %s is answered %v", want["id"], answer["status"]))
		}
		problems = append(problems, schemas.checkAnswer(answer["body"].(map[string]any))...)
		problems = append(problems, e.missing("item", want, answer)...)
	}
	return problems
}

func (e example) judge(status int, raw []byte, schemas schemaSet) (problems []string) {
	want := e.Response.Status
	if meant := slips[e.file].status; meant != 0 {
		want = meant
	}
	if status != want {
		return []string{"status " + http.StatusText(status) + ": " + string(raw)}
	}
	problems = schemas.checkStatus(e.Request.Method, e.Request.URL, status)
	if len(raw) == 0 {
		return problems
	}
	var got map[string]any
	if err := json.Unmarshal(raw, &got); err != nil {
		return append(problems, err.Error())
	}
	if got["responses"] != nil {
		return append(problems, e.judgeBatch(got, schemas)...)
	}
	problems = append(problems, schemas.checkAnswer(got)...)
	if status >= 400 {
		return append(problems, sameError(e.Response.Body, got)...)
	}
	return append(problems, e.missing("", e.Response.Body, got)...)
}

// sameError compares code and message; an ellipsis in the example matches anything.
func sameError(want, got map[string]any) (problems []string) {
	w, g := want["error"].(map[string]any), got["error"].(map[string]any)
	if w["code"] != g["code"] {
		problems = append(problems, "code is "+g["code"].(string))
	}
	pattern := regexp.QuoteMeta(w["message"].(string))
	pattern = strings.NewReplacer(`\.\.\.`, ".*", regexp.QuoteMeta("{tenantId}"), graphsim.DefaultTenantID).Replace(pattern)
	if message := g["message"].(string); !regexp.MustCompile("^" + pattern + "$").MatchString(message) {
		problems = append(problems, "message is "+message)
	}
	return problems
}

// missing names what the example shows and the answer lacks. Of a list the first
// items are compared.
func (e example) missing(at string, want, got any) (problems []string) {
	switch w := want.(type) {
	case map[string]any:
		g, isObject := got.(map[string]any)
		if !isObject {
			return []string{at + " is no object"}
		}
		for name, value := range w {
			inner, present := g[name]
			switch {
			case slices.Contains(slips[e.file].properties, name):
			case !present:
				problems = append(problems, at+"."+name+" is missing")
			case value != nil && inner != nil:
				problems = append(problems, e.missing(at+"."+name, value, inner)...)
			}
		}
	case []any:
		g, isList := got.([]any)
		if !isList || len(w) > 0 && len(g) == 0 && at == ".value" {
			return []string{at + " is empty"}
		}
		if len(w) > 0 && len(g) > 0 {
			return e.missing(at+"[0]", w[0], g[0])
		}
	}
	return problems
}
