(line_comment) @comment
(block_comment) @comment

(type_declaration name: (_) @name) @definition.type
(type_alias_declaration name: (_) @name) @definition.type
(port_annotation name: (_) @name) @definition.function
(file
  (value_declaration
    functionDeclarationLeft: (function_declaration_left . (lower_case_identifier) @name)) @definition.function)

; The type is written above the function.
(file
  (type_annotation) @definition.function
  .
  (value_declaration
    functionDeclarationLeft: (function_declaration_left . (lower_case_identifier) @name)) @body)
