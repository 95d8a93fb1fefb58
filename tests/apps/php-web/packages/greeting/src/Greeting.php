<?php

namespace Greeting;

class Greeting
{
    public function __toString(): string
    {
        return 'Hello from PHP';
    }
}
