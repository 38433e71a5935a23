// Command program is where the tests build what they generate, by an overlay: assembly needs a folder that exists.
package main
