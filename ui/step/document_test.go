package step

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"resvirt/experiments"
)

// document is the text whose screens are compared; screenMark is what stands before one of them:
// its run, the keys since the mark before it that names the same run, and which lines are shown
// (counted from 1) if not all.
const document = "../../docs/stepping.md"

var screenMark = regexp.MustCompile(`<!-- SCREEN (\w+)/([0-9]+):([^;>]*)(?:; lines ([0-9]+) to ([0-9]+))? -->\n`)

// executed opens a run that no database holds: it is executed anew.
type executed struct {
	setting experiments.Setting
	index   int
}

func (c executed) busy() string { return fmt.Sprintf("executing %s/%d", c.setting.Name, c.index) }

func (c executed) do(ctx context.Context, d *desk) (string, error) {
	r, err := d.campaign.Execute(ctx, c.index, c.setting)
	if err != nil {
		return "", err
	}
	d.take("quick.db", r)
	return goTo{"F"}.do(ctx, d)
}

// The screens in docs/stepping.md are what the keys beside them lead to. go test ./ui/step -update
// writes them anew; the text around them has to be read again then.
func TestScreensInDocument(t *testing.T) {
	t.Parallel()
	runs := sharedCampaign(t)
	ownToolchain(t)
	b, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	text, found := string(b), screenMark.FindAllStringSubmatchIndex(string(b), -1)
	if len(found) < 5 {
		t.Fatalf("%s has %d marks of screens", document, len(found))
	}
	sessions := map[string]*session{}
	var now strings.Builder
	done := 0
	for _, at := range found {
		shown, rest, ok := strings.Cut(strings.TrimPrefix(text[at[1]:], "```\n"), "```\n")
		if !ok || !strings.HasPrefix(text[at[1]:], "```\n") {
			t.Fatalf("behind %s no screen follows", text[at[0]:at[1]])
		}
		m := screenMark.FindStringSubmatch(text[at[0]:at[1]])
		run := m[1] + "/" + m[2]
		if sessions[run] == nil {
			sessions[run] = executedSession(t, runs, m[1], number(t, m[2]))
		}
		screen := sessions[run].after(strings.Fields(m[3]), m[4], m[5])
		if screen != shown && !*rewrite {
			t.Errorf("%s is another screen now; go test ./ui/step -update writes it anew: read the text around it, too\n%s", strings.TrimSpace(text[at[0]:at[1]]), screen)
		}
		now.WriteString(text[done:at[1]] + "```\n" + screen + "```\n")
		done = len(text) - len(rest)
	}
	now.WriteString(text[done:])
	if *rewrite && now.String() != text {
		if err := os.WriteFile(document, []byte(now.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func executedSession(t *testing.T, runs *sharedRuns, setting string, index int) *session {
	x := &session{t: t, s: begin(), d: &desk{db: runs.db, campaign: runs.campaign}}
	x.send(resized{80, 24})
	runs.mu.Lock()
	with, err := runs.db.Setting(setting)
	runs.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	x.do(executed{with, index})
	if x.s.Run == nil {
		t.Fatalf("%s/%d cannot be executed: %s", setting, index, x.s.Say)
	}
	x.asides()
	return x
}

// after is the screen, or lines of it, when keys have been pressed. A key that begins with a colon is a place that
// is typed; Key*18 is a key pressed 18 times.
func (x *session) after(keys []string, from, to string) string {
	for _, k := range keys {
		name, times, many := strings.Cut(k, "*")
		switch {
		case strings.HasPrefix(k, ":"):
			x.types(k[1:])
		case many:
			x.keys(slices.Repeat([]key{key(name)}, number(x.t, times))...)
		case k == "Space":
			x.keys(" ")
		default:
			x.keys(key(k))
		}
	}
	lines := strings.SplitAfter(x.screen(), "\n")
	if from == "" {
		return strings.Join(lines, "")
	}
	return strings.Join(lines[number(x.t, from)-1:number(x.t, to)], "")
}

func number(t testing.TB, text string) (n int) {
	t.Helper()
	if _, err := fmt.Sscanf(text, "%d", &n); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return n
}

// ownToolchain skips a test of what documents show of images if this compiler makes others.
func ownToolchain(t *testing.T) {
	t.Helper()
	b, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if m := regexp.MustCompile(`(?m)^toolchain (\S+)$`).FindSubmatch(b); m == nil || string(m[1]) != runtime.Version() {
		t.Skipf("%s makes other images than the toolchain that go.mod names", runtime.Version())
	}
}
