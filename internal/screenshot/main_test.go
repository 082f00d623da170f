package main

import (
	"encoding/xml"
	"io"
	"os"
	"strings"
	"testing"
)

type picture struct {
	Title string `xml:"title"`
	Rect  struct {
		Width float64 `xml:"width,attr"`
	} `xml:"rect"`
	Rows []struct {
		X      float64 `xml:"x,attr"`
		Y      float64 `xml:"y,attr"`
		Length float64 `xml:"textLength,attr"`
		Text   string  `xml:",chardata"`
	} `xml:"text"`
}

func TestCellsStandWhereTheyStood(t *testing.T) {
	text, err := svg("┌─ a<b & c ─┐\n\n    ▶ x  y   \n\n", `1 < 2`)
	if err != nil {
		t.Fatal(err)
	}
	var p picture
	if err := xml.Unmarshal([]byte(text), &p); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if p.Title != "1 < 2" || len(p.Rows) != 2 || p.Rows[0].Text != "┌─ a<b & c ─┐" || p.Rows[1].Text != "▶ x  y" {
		t.Fatalf("the picture holds %+v", p)
	}
	first, third := p.Rows[0], p.Rows[1]
	if first.X != margin || first.Length != round(13*cellWidth) || p.Rect.Width != round(2*margin+13*cellWidth)-1 {
		t.Errorf("13 cells are drawn as %+v in %+v", first, p.Rect)
	}
	if third.X != round(margin+4*cellWidth) || third.Length != round(6*cellWidth) || third.Y-first.Y != 2*cellHeight {
		t.Errorf("cells 4 to 9 of the third row are drawn as %+v", third)
	}
}

func TestWhatIsNoScreenIsRefused(t *testing.T) {
	for in, says := range map[string]string{"": "empty", "\n\n": "empty", "a\n\x1b[1mb": "line 2", "\xff": "line 1"} {
		if out, err := svg(in, ""); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q gives %q, %v", in, out, err)
		}
	}
}

// The picture in the documents is one that this program can have drawn: well-formed, with nothing fetched from elsewhere.
func TestPictureInDocuments(t *testing.T) {
	b, err := os.ReadFile("../../docs/step.svg")
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(strings.NewReader(string(b))); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	var p picture
	if err := xml.Unmarshal(b, &p); err != nil || len(p.Rows) < 30 {
		t.Fatalf("%d rows, %v", len(p.Rows), err)
	}
	if rest := strings.Replace(string(b), `"http://www.w3.org/2000/svg"`, "", 1); strings.Contains(rest, "://") || strings.Contains(rest, "url(") {
		t.Error("the picture refers to something outside")
	}
}
