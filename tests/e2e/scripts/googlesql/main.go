// Reads [{"name": ..., "sql": ...}, ...] from its standard input, and asks the analyzer of GoogleSQL about each query.
// What a query gives is a table of its name for the next ones. Prints {NAME: REFUSAL} of those that are refused.
package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/goccy/go-googlesql"
)

type query struct{ Name, SQL string }

// session is what the analyzer needs. Nothing of it may be freed before the last query: `kept` holds the tables' parts.
type session struct {
	options *googlesql.AnalyzerOptions
	catalog *googlesql.SimpleCatalog
	types   *googlesql.TypeFactory
	kept    []any
}

func main() {
	var queries []query
	check(json.NewDecoder(os.Stdin).Decode(&queries))
	check(googlesql.Init())
	s := start()
	refused := map[string]string{}
	for _, q := range queries {
		if err := s.analyze(q); err != nil {
			refused[q.Name] = err.Error()
		}
	}
	check(json.NewEncoder(os.Stdout).Encode(refused))
}

// start gives a session with BigQuery's functions, and with all words reserved that BigQuery may reserve.
func start() *session {
	language := must(googlesql.NewLanguageOptions())
	check(language.EnableMaximumLanguageFeatures())
	check(language.SetProductMode(googlesql.ProductModeProductExternal))
	check(language.EnableAllReservableKeywords(true))
	options := must(googlesql.NewAnalyzerOptions2())
	check(options.SetLanguage(language))
	catalog := must(googlesql.NewSimpleCatalog("warehouse", nil))
	check(catalog.AddBuiltinFunctionsAndTypes(&googlesql.BuiltinFunctionOptions{LanguageOptions: language}))
	types := must(googlesql.NewTypeFactory())
	// BigQuery has more names for this type than the analyzer.
	check(catalog.AddType("integer", must(types.GetInt64())))
	return &session{options: options, catalog: catalog, types: types}
}

func (s *session) analyze(q query) error {
	output, err := googlesql.AnalyzeStatement(q.SQL, s.options, s.catalog, s.types)
	if err != nil {
		return err
	}
	statement := must(output.ResolvedStatement()).(*googlesql.ResolvedQueryStmt)
	table := must(googlesql.NewSimpleTable(q.Name, 0))
	for i := range must(statement.OutputColumnListSize()) {
		given := must(statement.OutputColumnList2(i))
		kind := must(must(given.Column()).Type())
		column := must(googlesql.NewSimpleColumn(q.Name, must(given.Name()), kind, false, true))
		check(table.AddColumn2(column, false))
		s.kept = append(s.kept, column, kind)
	}
	s.kept = append(s.kept, table, output)
	return s.catalog.AddTable(table)
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
