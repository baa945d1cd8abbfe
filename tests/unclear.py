"""Addresses whose password reads as another part of them, or which have no place for one."""

UNCLEAR = [
    "postgresql://u:1 SECRET@127.0.0.1:1/db",
    "postgresql://me:p@ss:SECRET/1@127.0.0.1/db",
    "postgresql://me:p@SECRET@127.0.0.1:1/db",
    "postgresql://me:12/SECRET@127.0.0.1:1/db",
    "postgresql://me:12#SECRET@127.0.0.1:1/db",
    "postgresql:///db?host=127.0.0.1&port=1&password=a b SECRET",
    "https:u:SECRET@127.0.0.1:1",
    "http:u:SECRET@h/api",
    "http://u:1 SECRET@127.0.0.1:1/api",
    "http://u:1@x:SECRET@127.0.0.1:1/api",
    "u:SECRET@h",
]
