(line_comment) @comment
(block_comment) @comment
; A docstring is a string before what it describes.
(source_file (string_literal) @comment . [(function_definition) (struct_definition) (abstract_definition) (module_definition) (macro_definition) (assignment) (const_statement)])
(module_definition (string_literal) @comment . [(function_definition) (struct_definition) (abstract_definition) (module_definition) (macro_definition) (assignment) (const_statement)])

(module_definition name: (identifier) @name) @scope
(abstract_definition (type_head (identifier) @name)) @definition.interface
(abstract_definition (type_head (binary_expression . (identifier) @name))) @definition.interface
(primitive_definition (type_head (identifier) @name)) @definition.type
(struct_definition (type_head (identifier) @name)) @definition.struct
(struct_definition (type_head (parametrized_type_expression . (identifier) @name))) @definition.struct
(struct_definition (type_head (binary_expression . (identifier) @name))) @definition.struct
(struct_definition (type_head (binary_expression . (parametrized_type_expression . (identifier) @name)))) @definition.struct
(function_definition (signature (call_expression . (identifier) @name))) @definition.function
(function_definition (signature (call_expression . (field_expression (identifier) @name .)))) @definition.function
(function_definition (signature (where_expression . (call_expression . (identifier) @name)))) @definition.function
(function_definition (signature (where_expression . (call_expression . (field_expression (identifier) @name .))))) @definition.function
(function_definition (signature (typed_expression . (call_expression . (identifier) @name)))) @definition.function
(macro_definition (signature (call_expression . (identifier) @name))) @definition.macro
(assignment . (call_expression . (identifier) @name)) @definition.function
(assignment . (call_expression . (field_expression (identifier) @name .))) @definition.function
(assignment . (where_expression . (call_expression . (identifier) @name))) @definition.function
(const_statement (assignment . (identifier) @name)) @definition.constant
