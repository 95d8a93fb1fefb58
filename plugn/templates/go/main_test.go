package main

import "testing"

func TestGreetingIsForWhoeverIsNamed(t *testing.T) {
	if got := greeting("Ada", "Good day"); got != "Good day Ada" {
		t.Errorf("got %q", got)
	}
}
