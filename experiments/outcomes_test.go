package experiments

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"resvirt/faults"
)

// Outcomes mean in lists what they mean in the definitions.
func TestOutcomesMeanWhatIsDefined(t *testing.T) {
	text, err := os.ReadFile("../docs/definitions.md")
	if err != nil {
		t.Fatal(err)
	}
	for o := faults.Outcome(0); o < faults.Outcomes; o++ {
		if row := fmt.Sprintf("\n| `%v` | %s |\n", o, OutcomeMeaning(o)); OutcomeMeaning(o) == "" || !strings.Contains(string(text), row) {
			t.Errorf("docs/definitions.md has no row%s", row)
		}
	}
}
