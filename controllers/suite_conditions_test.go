package controllers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/entraguests/entra-guest-operator/test/reasons"
)

// conditionWitness looks at every status that the operator writes, for conditions with reasons that the API does not declare for
// them. So what users read about conditions, which is held to the declarations, is held to what the operator says.
type conditionWitness struct {
	mu         sync.Mutex
	undeclared []string
}

// declaredReasons are those of the API.
var declaredReasons = sync.OnceValues(func() (reasons.Catalogue, error) { return reasons.Read("../" + reasons.File) })

// wrap looks at the statuses that a client writes.
func (w *conditionWitness) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		response, err := next.RoundTrip(request)
		if err != nil || response.StatusCode != http.StatusOK || request.Method != http.MethodPut ||
			!strings.HasSuffix(request.URL.Path, "/status") {
			return response, err
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return nil, err
		}
		response.Body = io.NopCloser(bytes.NewReader(body))
		w.look(body)
		return response, nil
	})
}

func (w *conditionWitness) look(body []byte) {
	var object struct {
		Kind   string `json:"kind"`
		Status struct {
			Conditions []metav1.Condition `json:"conditions"`
		} `json:"status"`
	}
	declared, err := declaredReasons()
	if err == nil {
		err = json.Unmarshal(body, &object)
	}
	if err != nil {
		w.note(err.Error())
		return
	}
	for _, c := range object.Status.Conditions {
		if !declared.Allows(object.Kind, c.Type, string(c.Status), c.Reason) {
			w.note(fmt.Sprintf("%s has %s=%s for the reason %s: say so in the comment of that reason in %s, and in the page of the kind",
				object.Kind, c.Type, c.Status, c.Reason, reasons.File))
		}
	}
}

func (w *conditionWitness) note(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Contains(w.undeclared, what) {
		w.undeclared = append(w.undeclared, what)
	}
}

// all gives what the operator has said without its being declared.
func (w *conditionWitness) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.undeclared)
}
