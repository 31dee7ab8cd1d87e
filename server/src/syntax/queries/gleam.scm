(comment) @comment
(statement_comment) @comment
(module_comment) @comment

(type_definition (type_name name: (_) @name)) @definition.type
(type_alias (type_name name: (_) @name)) @definition.type
(constant name: (_) @name) @definition.constant
(function name: (_) @name) @definition.function
