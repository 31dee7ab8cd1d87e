package balance

import (
	"fmt"
	"testing"
)

func TestRemovingANodeMovesOnlyItsKeys(t *testing.T) {
	before := NewRing([]string{"a", "b", "c"})
	after := NewRing([]string{"a", "b"})
	for i := 0; i < 1000; i++ {
		key := fmt.Sprintf("user-%d", i)
		was, is := before.Lookup(key), after.Lookup(key)
		if was != "c" && was != is {
			t.Fatalf("%s moved from %s to %s although its node stayed", key, was, is)
		}
	}
}

func TestEmptyRing(t *testing.T) {
	if got := NewRing(nil).Lookup("anything"); got != "" {
		t.Fatalf("got %q from an empty ring", got)
	}
}
