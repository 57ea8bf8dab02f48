package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// pages gives every page of the documentation, as a path from here.
func pages(t *testing.T) (all []string) {
	t.Helper()
	g := NewWithT(t)
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md", "docs/*/*/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		g.Expect(err).NotTo(HaveOccurred())
		all = append(all, found...)
	}
	g.Expect(len(all)).To(BeNumerically(">", 14))
	return all
}

func TestLinksLeadToPagesAndHeadingsThatExist(t *testing.T) {
	g := NewWithT(t)
	link := regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]*))?\)`)
	for _, page := range pages(t) {
		for _, found := range link.FindAllStringSubmatch(readFile(t, page), -1) {
			target := page
			if found[1] != "" {
				target = filepath.Join(filepath.Dir(page), found[1])
			}
			_, err := os.Stat(target)
			g.Expect(err).NotTo(HaveOccurred(), "linked in %s", page)
			if found[2] != "" {
				g.Expect(anchors(readFile(t, target))).To(ContainElement(found[2]), "%s links to a heading of %s", page, target)
			}
		}
	}
}

func TestFilesThatThePagesNameExist(t *testing.T) {
	g := NewWithT(t)
	named := regexp.MustCompile("`([a-z0-9_/]+\\.go)`")
	for _, page := range pages(t) {
		for _, found := range named.FindAllStringSubmatch(readFile(t, page), -1) {
			g.Expect(somewhere(t, found[1])).To(BeTrue(), "%s names %s", page, found[1])
		}
	}
}

// anchors gives the names by which the headings of a page can be linked to: in lower case, without punctuation, with hyphens for spaces.
func anchors(text string) (all []string) {
	punctuation := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for _, section := range parse(text) {
		name := punctuation.ReplaceAllString(strings.ToLower(section.heading), "")
		all = append(all, strings.ReplaceAll(name, " ", "-"))
	}
	return all
}
