(comment) @comment

(binary_operator lhs: [(identifier) (string)] @name rhs: (function_definition)) @definition.function
(call
  function: (identifier) @_maker
  arguments: (arguments . (argument value: (string content: (_) @name)))
  (#any-of? @_maker "setClass" "setRefClass" "R6Class")) @definition.class
(call
  function: (identifier) @_maker
  arguments: (arguments . (argument value: (string content: (_) @name)))
  (#any-of? @_maker "setGeneric" "setMethod" "setValidity")) @definition.function
