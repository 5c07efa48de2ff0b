// Reads feeds or pages as Miniflux does. File names on standard input; CPU seconds and texts as JSON on standard output.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"miniflux.app/v2/internal/reader/parser"
	"miniflux.app/v2/internal/reader/readability"
	"miniflux.app/v2/internal/reader/sanitizer"
)

// CPU seconds of this process, with all its threads.
func used() float64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

// The bytes of a file, those of .gz decompressed.
func unpacked(name string) []byte {
	body, err := os.ReadFile(name)
	if err != nil {
		panic(err)
	}
	if strings.HasSuffix(name, ".gz") {
		packed, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			panic(err)
		}
		if body, err = io.ReadAll(packed); err != nil {
			panic(err)
		}
	}
	return body
}

// All texts of a feed, plain, one entry a line.
func feed(body []byte) string {
	read, err := parser.ParseFeed("https://example.com/feed", bytes.NewReader(body))
	if err != nil {
		return ""
	}
	lines := make([]string, 0, len(read.Entries))
	for _, entry := range read.Entries {
		lines = append(lines, entry.Title+" "+sanitizer.StripTags(entry.Content))
	}
	return strings.Join(lines, "\n")
}

// The text of a page's article.
func page(body []byte) string {
	_, content, err := readability.ExtractContent(bytes.NewReader(body))
	if err != nil {
		return ""
	}
	return sanitizer.StripTags(content)
}

func main() {
	read := map[string]func([]byte) string{"feeds": feed, "pages": page}[os.Args[1]]
	names, bodies := []string{}, [][]byte{}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		names = append(names, lines.Text())
		bodies = append(bodies, unpacked(lines.Text()))
	}
	texts := map[string]string{}
	began := used()
	for at, body := range bodies {
		texts[filepath.Base(names[at])] = read(body)
	}
	seconds := used() - began
	if err := json.NewEncoder(os.Stdout).Encode(map[string]any{"seconds": seconds, "texts": texts}); err != nil {
		panic(err)
	}
}
