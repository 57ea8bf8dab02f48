package docs_test

import (
	"regexp"
	"strings"
)

// section is a heading of a page, with what is below it up to the next heading of any level.
type section struct {
	level   int
	heading string
	lines   []string // without those of code blocks
	tables  []docTable
	blocks  []block
}

// docTable is a table of a page. Each row has its cells by their column.
type docTable struct {
	columns []string
	rows    []map[string]string
}

// block is a fenced code block.
type block struct{ language, text string }

var (
	heading = regexp.MustCompile(`^(#+) (.+)$`)
	bar     = regexp.MustCompile(`^\|[ |:-]+\|$`)
)

// parse divides a page of Markdown into its sections.
func parse(text string) []section {
	sections, fenced := []section{{}}, (*block)(nil)
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		here := &sections[len(sections)-1]
		language, isFence := strings.CutPrefix(line, "```")
		switch {
		case fenced == nil && isFence:
			fenced = &block{language: language}
		case isFence:
			here.blocks = append(here.blocks, *fenced)
			fenced = nil
		case fenced != nil:
			fenced.text += line + "\n"
		case heading.MatchString(line):
			found := heading.FindStringSubmatch(line)
			sections = append(sections, section{level: len(found[1]), heading: found[2]})
		default:
			here.lines = append(here.lines, line)
		}
	}
	for i := range sections {
		sections[i].tables = tablesIn(sections[i].lines)
	}
	return sections
}

func tablesIn(lines []string) (tables []docTable) {
	var columns []string // of the table that the line before belongs to
	for _, line := range lines {
		switch {
		case !strings.HasPrefix(line, "|"):
			columns = nil
		case columns == nil:
			columns = cells(line)
			tables = append(tables, docTable{columns: columns})
		case !bar.MatchString(line):
			row := map[string]string{}
			for i, cell := range cells(line) {
				if i < len(columns) {
					row[columns[i]] = cell
				}
			}
			table := &tables[len(tables)-1]
			table.rows = append(table.rows, row)
		}
	}
	return tables
}

// cells gives the cells of a row. A bar that is part of a cell is written with a backslash.
func cells(row string) []string {
	const escaped = "\x00"
	row = strings.ReplaceAll(strings.Trim(row, "|"), `\|`, escaped)
	var all []string
	for cell := range strings.SplitSeq(row, "|") {
		all = append(all, strings.TrimSpace(strings.ReplaceAll(cell, escaped, "|")))
	}
	return all
}
