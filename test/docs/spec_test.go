package docs_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/yaml"

	"github.com/entraguests/entra-guest-operator/test/reasons"
)

// specPages is where each kind has a page. README.md says what they have in common.
const specPages = "docs/spec/v1alpha1"

// outline are the parts of such a page, in their order.
var outline = []string{"Example", "Fields", "How to", "Conditions", "Troubleshooting"}

func pageOf(kind string) string { return specPages + "/" + strings.ToLower(kind) + ".md" }

// kindsWithAPage runs a test for every kind that has a page; another test says which have none.
func kindsWithAPage(t *testing.T, test func(g *WithT, k kindPage)) {
	t.Helper()
	for _, crd := range crds(t) {
		page := pageOf(crd.Spec.Names.Kind)
		if _, err := os.Stat(filepath.Join(root, page)); err != nil {
			continue
		}
		t.Run(crd.Spec.Names.Kind, func(t *testing.T) {
			k := kindPage{t: t, file: page, kind: crd.Spec.Names.Kind, fields: map[string][]field{}, sections: parse(read(t, page))}
			for _, part := range []string{"spec", "status"} {
				k.fields[part] = fields(crd, part)
			}
			test(NewWithT(t), k)
		})
	}
}

// kindPage is the page of a kind, and what its CRD says.
type kindPage struct {
	t          *testing.T
	file, kind string
	fields     map[string][]field // by spec and status
	sections   []section
}

// complain fails the test with what is wrong with the page.
func (k kindPage) complain(format string, args ...any) {
	k.t.Helper()
	k.t.Errorf("%s: %s", k.file, fmt.Sprintf(format, args...))
}

// below gives the sections of level 3 below a heading of level 2.
func (k kindPage) below(part string) (found []section) {
	within := false
	for _, s := range k.sections {
		if s.level <= 2 {
			within = s.level == 2 && s.heading == part
		} else if within && s.level == 3 {
			found = append(found, s)
		}
	}
	return found
}

// in gives a section by its heading and that of the part it is in; of level 2 where both are the same.
func (k kindPage) in(part, heading string) section {
	if part == heading {
		for _, s := range k.sections {
			if s.level == 2 && s.heading == part {
				return s
			}
		}
	}
	for _, s := range k.below(part) {
		if s.heading == heading {
			return s
		}
	}
	return section{}
}

// manifests gives the YAML of a section.
func (s section) manifests() (all string) {
	for _, block := range s.blocks {
		if block.language == "yaml" {
			all += "---\n" + block.text
		}
	}
	return all
}

func headings(sections []section, level int) (all []string) {
	for _, s := range sections {
		if s.level == level {
			all = append(all, s.heading)
		}
	}
	return all
}

func TestEveryKindHasAPage(t *testing.T) {
	missing := map[string]string{"README.md": "what the kinds have in common"}
	for _, crd := range crds(t) {
		missing[filepath.Base(pageOf(crd.Spec.Names.Kind))] = crd.Spec.Names.Kind
	}
	files, err := os.ReadDir(filepath.Join(root, specPages))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	for _, file := range files {
		if _, wanted := missing[file.Name()]; !wanted {
			t.Errorf("%s/%s is about no kind that there is", specPages, file.Name())
		}
		delete(missing, file.Name())
	}
	for file, subject := range missing {
		t.Errorf("%s/%s is missing: write there about %s, with the headings of the other pages", specPages, file, subject)
	}
}

func TestPagesOfKindsHaveOneOutline(t *testing.T) {
	catalogue := readReasons(t)
	kindsWithAPage(t, func(g *WithT, k kindPage) {
		g.Expect(headings(k.sections, 1)).To(Equal([]string{k.kind}), "%s: its title", k.file)
		g.Expect(headings(k.sections, 2)).To(Equal(outline), "%s: its parts", k.file)
		g.Expect(headings(k.below("Fields"), 3)).To(Equal([]string{"Spec", "Status"}), "%s: below Fields", k.file)
		g.Expect(headings(k.below("Conditions"), 3)).To(Equal(catalogue.Of(k.kind)),
			"%s: below Conditions are those that %s declares for this kind, in that order", k.file, reasons.File)
		g.Expect(len(k.below("How to"))).To(BeNumerically(">=", 3), "%s: how to do common things", k.file)
		g.Expect(k.in("Example", "Example").manifests()).To(ContainSubstring("kind: "+k.kind+"\n"), "%s: its example is of the kind", k.file)
		symptoms := k.in("Troubleshooting", "Troubleshooting").tables
		g.Expect(symptoms).To(HaveLen(1), "%s: one table below Troubleshooting", k.file)
		g.Expect(symptoms[0].columns).To(Equal([]string{"Symptom", "Cause", "What to do"}), "%s: Troubleshooting", k.file)
		g.Expect(len(symptoms[0].rows)).To(BeNumerically(">=", 3), "%s: Troubleshooting", k.file)
	})
}

func TestPagesOfKindsHaveARowForEveryField(t *testing.T) {
	kindsWithAPage(t, func(g *WithT, k kindPage) {
		for part, heading := range map[string]string{"spec": "Spec", "status": "Status"} {
			tables := k.in("Fields", heading).tables
			g.Expect(tables).To(HaveLen(1), "%s: one table of fields below %s", k.file, heading)
			rows := map[string]map[string]string{}
			for _, row := range tables[0].rows {
				rows[strings.Trim(row["Field"], "`")] = row
			}
			g.Expect(rows).To(HaveLen(len(tables[0].rows)), "%s: each field has one row", k.file)
			for _, field := range k.fields[part] {
				row, found := rows[field.path]
				if delete(rows, field.path); !found {
					k.complain("the table below %s has no row for `%s`", heading, field.path)
					continue
				}
				for _, complaint := range field.complaints(row, part == "spec") {
					k.complain("the row of `%s` %s", field.path, complaint)
				}
			}
			for _, path := range slices.Sorted(maps.Keys(rows)) {
				k.complain("there is no field `%s`", path)
			}
		}
	})
}

// complaints says what a row does not say, or says otherwise than the CRD.
func (f field) complaints(row map[string]string, inSpec bool) (all []string) {
	complain := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	meaning := row["Meaning"]
	if row["Type"] != f.typ {
		complain("has type %q, and is %q", row["Type"], f.typ)
	}
	if meaning == "" {
		complain("has no meaning")
	}
	for _, value := range f.values {
		if !strings.Contains(meaning+row["Default"], "`"+value+"`") {
			complain("does not explain the value `%s`", value)
		}
	}
	if !inSpec {
		return all
	}
	if want := f.preset(); !sameDefault(row["Default"], want) {
		complain("has %q for its default, and should have %q", row["Default"], want)
	}
	if strings.Contains(meaning, "Immutable.") != f.immutable {
		complain("must say “Immutable.” if and only if the field is")
	}
	for _, bound := range f.bounds {
		if !regexp.MustCompile(`(^|[^0-9])` + bound + `([^0-9]|$)`).MatchString(meaning) {
			complain("does not tell the limit %s", bound)
		}
	}
	return all
}

// preset is what the column of defaults says.
func (f field) preset() string {
	switch {
	case f.required:
		return "required"
	case f.byDefault == "" || f.byDefault == "{}":
		return "-"
	}
	return "`" + strings.Trim(f.byDefault, `"`) + "`"
}

// sameDefault compares defaults as YAML, in which there are shorter ways to write an object.
func sameDefault(got, want string) bool {
	var a, b any
	if yaml.Unmarshal([]byte(strings.Trim(got, "`")), &a) != nil || yaml.Unmarshal([]byte(strings.Trim(want, "`")), &b) != nil {
		return got == want
	}
	quoted := strings.HasPrefix(got, "`") == strings.HasPrefix(want, "`")
	return quoted && fmt.Sprint(a) == fmt.Sprint(b)
}

func readReasons(t *testing.T) reasons.Catalogue {
	t.Helper()
	catalogue, err := reasons.Read(filepath.Join(root, reasons.File))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return catalogue
}

func TestPagesOfKindsExplainEveryReasonOfEveryCondition(t *testing.T) {
	catalogue := readReasons(t)
	kindsWithAPage(t, func(g *WithT, k kindPage) {
		for _, condition := range catalogue.Of(k.kind) {
			tables := k.in("Conditions", condition).tables
			g.Expect(tables).To(HaveLen(1), "%s: one table of reasons below condition %s", k.file, condition)
			g.Expect(tables[0].columns).To(ContainElements("Reason", "Meaning", "What to do"), "%s: condition %s", k.file, condition)
			var explained []string
			for _, row := range tables[0].rows {
				reason := strings.Trim(row["Reason"], "`")
				explained = append(explained, reason)
				if row["Meaning"] == "" || row["What to do"] == "" {
					k.complain("condition %s does not say what `%s` means and what to do", condition, reason)
				}
			}
			declared := catalogue.Declared[reasons.Place{Kind: k.kind, Condition: condition}]
			for _, reason := range without(declared, explained) {
				k.complain("condition %s has no row for reason `%s`", condition, reason)
			}
			for _, reason := range without(explained, declared) {
				k.complain("condition %s has a row for reason `%s`, and the comment of that reason in %s says nothing of this condition of "+
					"this kind", condition, reason, reasons.File)
			}
		}
	})
}

// without gives what is in one list and not in another.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}
