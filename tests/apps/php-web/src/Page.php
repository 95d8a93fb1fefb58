<?php

namespace App;

use Greeting\Greeting;

class Page
{
    public static function of(string $path): string
    {
        return new Greeting() . ($path === '/' ? '' : " at $path") . "\n";
    }
}
